/**
 * Takes secrets out of text that leaves the machine: those that are known by their value, and what has the form of one.
 * Pure. It takes rather too much away than too little: a report that lacks a word is still one.
 */

/** What stands where something was taken out. */
export const TAKEN = '[taken out]';

/** Shorter values are parts of ordinary words. */
const SHORTEST = 4;

const SECRET_NAME = String.raw`[\w.-]*(?:pass(?:word|phrase|wd)?|secret|token|credential|authori[sz]ation|api[_-]?key|private[_-]?key|auth|cookie)[\w.-]*`;

/** In this order: a form that holds another one comes first. */
const FORMS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*(?:PRIVATE KEY|ENCRYPTED)[A-Z ]*-----[\s\S]*?(?:-----END [A-Z ]*-----|$)/g, TAKEN],
  // a key on one line of a log, its line ends written out
  [/\b(?:casare|csk|cak)_[\w.~+/=-]{8,}/g, TAKEN],
  [/\beyJ[\w-]{6,}\.[\w-]+(?:\.[\w-]*)?/g, TAKEN],
  [/\b(Basic|Bearer|Negotiate|NTLM) +[\w.~+/=-]{6,}/gi, `$1 ${TAKEN}`],
  // credentials of a proxy, with a scheme before them or without, whatever they are made of; the host stays
  [/((?:\b|_)proxy["']?\s*[:=]\s*["']?)[^\s"'<>]+@/gi, `$1${TAKEN}@`],
  // credentials of a URL; the host stays
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@"'<>]+@/gi, `$1${TAKEN}@`],
  // names with values, as in YAML, JSON, queries and command lines
  [
    new RegExp(
      String.raw`(["']?\b${SECRET_NAME}["']?\s*[:=]\s*)(?!(?:null|true|false)\b)("(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^\s,;&}\]"']+)`,
      'gi',
    ),
    `$1"${TAKEN}"`,
  ],
  [new RegExp(String.raw`(--${SECRET_NAME})(\s+)(?!-)\S+`, 'gi'), `$1$2${TAKEN}`],
  [/[\w.!#$%&'*+/=?^`{|}~-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+/gi, TAKEN],
];

/** The words of settings that name a secret's place, not a secret. */
const PLACES =
  /^["']?(?:proxyAuthFile|joinTokenFile|authFile|tokenFile|secretProviders|keyStorage|secrets?Count)["']?\s*[:=]/i;

/** @param values secrets that are known, in whatever form they may stand in the text */
export function redact(text: string, values: Iterable<string>): string {
  let clean = text;
  const known = [...new Set(values)].filter((value) => value.length >= SHORTEST).sort((a, b) => b.length - a.length);
  for (const value of known) {
    for (const form of [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value)]) {
      clean = clean.replaceAll(form, TAKEN);
    }
    clean = clean.replaceAll(base64Of(value), TAKEN);
  }
  for (const [form, instead] of FORMS) {
    clean = clean.replace(form, (found: string, ...groups: unknown[]) => {
      if (PLACES.test(found)) return found;
      return instead.replaceAll(/\$(\d)/g, (_, n: string) => String(groups[Number(n) - 1] ?? ''));
    });
  }
  return clean;
}

function base64Of(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64').replace(/=+$/, '');
}
