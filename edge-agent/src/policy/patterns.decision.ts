/** Patterns of the policy: `*` stands for any characters, everything else for itself. */

/** True when the pattern matches the whole text. Linear: no pattern makes it slow. */
export function matchesPattern(pattern: string, text: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  if (!text.startsWith(first)) return false;
  if (rest.length === 0) return text === first;
  const last = rest.pop() ?? '';
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

/** Two lists: what is forbidden goes before what is allowed; without `allow` everything is. */
export interface Lists {
  readonly allow?: readonly string[] | undefined;
  readonly forbid?: readonly string[] | undefined;
}

/** Why a text is refused: the line of `forbid`, or that no line of `allow` matches it; null when it is not. */
export function refusedBy(lists: Lists | undefined, text: string): { readonly rule: string | null } | null {
  const forbidden = lists?.forbid?.find((pattern) => matchesPattern(pattern, text));
  if (forbidden !== undefined) return { rule: forbidden };
  const { allow } = lists ?? {};
  return allow === undefined || allow.some((pattern) => matchesPattern(pattern, text)) ? null : { rule: null };
}

/** Steps that reach nothing outside: `allow` need not name them. */
const HARMLESS: ReadonlySet<string> = new Set(['log', 'assert']);

/** Why a step (`browser.click`, `http`) is refused; null when it is not. */
export function stepRefusal(lists: Lists | undefined, step: string): { readonly rule: string | null } | null {
  const refused = refusedBy(lists, step);
  return refused?.rule === null && HARMLESS.has(step) ? null : refused;
}

/** The name of a step in a call's reference: `browser.click` of `browser.click:1.0.0@default`. */
export function stepName(reference: string): string {
  return reference.split(/[:@]/, 1)[0] ?? '';
}
