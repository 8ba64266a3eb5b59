/**
 * Secrets of a run. Expressions, journals and logs only ever hold a handle: an unguessable token that stands for one
 * value. The value replaces the token in a step's arguments at the moment the step is called, and every text that
 * comes back from a step or leaves the engine is scrubbed of the values.
 *
 * A resumed run reads outputs that an earlier attempt recorded, with that attempt's handles in them. `run.started`
 * therefore carries the tokens (never values), and a later attempt adopts them.
 *
 * Limits: a handle that an expression cut or encoded is not recognised any more and is handed to the step as it is.
 * Values shorter than 4 characters are not scrubbed: they would erase ordinary text. `warnings` names them.
 */
import { randomBytes } from 'node:crypto';
import type { Secrets } from '@casare/shared/protocol';
import type { Json } from '@casare/shared/workflow';

/** The shortest value that is scrubbed, characters. */
const SHORTEST_SCRUBBED = 4;
/** Behind a handle: its value stands in an address. */
const IN_ADDRESS = '-in-address';
/** What a scrubbed value becomes. */
const SCRUBBED = '***';

/** Tokens by the secret's name, `name` or `name.key`: what `run.started` records. */
export type Handles = Readonly<Record<string, string>>;

/** The secrets of one run. */
export interface SecretVault {
  /** What `$secrets` is: the secrets' shapes, with handles for values. */
  readonly variable: Json;
  readonly handles: Handles;
  /** One line for each secret that cannot be scrubbed. */
  readonly warnings: readonly string[];
  /** True when a handle is in the value, also inside longer texts. */
  isUsedIn(value: Json): boolean;
  /** Names of the secrets, as documents declare them, whose handles are in the value. */
  usedIn(value: Json): string[];
  /** A copy with every handle, also inside longer texts, replaced by its value. */
  reveal(value: Json): Json;
  /** A text for a place inside an address: handles in it are revealed percent-encoded there. */
  readonly inAddress: (text: string) => string;
  /** A copy for people: every handle replaced by the name of its secret, as documents write it. */
  named(value: Json): Json;
  /** A copy without any secret value: raw, JSON-escaped, URL-encoded or base64; keys of objects too. */
  scrub<Value extends Json>(value: Value): Value;
}

/**
 * Makes the vault of a run.
 * @param earlier handles that earlier attempts recorded; they are kept
 * @param random fills a new token; 24 bytes as hex by default
 */
export function createVault(
  secrets: Secrets,
  earlier: Handles = {},
  random: () => string = () => randomBytes(24).toString('hex'),
): SecretVault {
  const leaves = leavesOf(secrets);
  if (leaves.length === 0) return { ...NOTHING_SECRET, variable: shapeOf(secrets, {}) };
  const handles = Object.fromEntries(
    leaves.map(({ name }) => [
      name,
      Object.hasOwn(earlier, name) ? (earlier[name] ?? '') : `casare-secret-${random()}`,
    ]),
  );
  const values = new Map(leaves.map(({ name, value }) => [handles[name] ?? '', value]));
  const forms = formsOf(leaves.map(({ value }) => value));
  const scrubText = (text: string) => forms.reduce((clean, form) => clean.replaceAll(form, SCRUBBED), text);
  const revealText = (text: string) => {
    let revealed = text;
    for (const [token, value] of values) {
      if (!revealed.includes(token)) continue;
      // A function as replacement: `$&` in a password is not a pattern.
      revealed = revealed
        .replaceAll(`${token}${IN_ADDRESS}`, () => encodeURIComponent(value.toWellFormed()))
        .replaceAll(token, () => value);
    }
    return revealed;
  };
  const nameText = (text: string) =>
    Object.entries(handles).reduce(
      (named, [name, token]) =>
        named.replaceAll(`${token}${IN_ADDRESS}`, token).replaceAll(token, () => `$secrets.${name}`),
      text,
    );
  return {
    variable: shapeOf(secrets, handles),
    handles,
    warnings: leaves
      .filter(({ value }) => value.length < SHORTEST_SCRUBBED)
      .map(({ name }) => `The secret ${name} is shorter than ${SHORTEST_SCRUBBED} characters and cannot be masked.`),
    isUsedIn: (value) => {
      const text = JSON.stringify(value);
      return [...values.keys()].some((token) => text.includes(token));
    },
    usedIn: (value) => {
      const text = JSON.stringify(value);
      const used = leaves.filter(({ name }) => text.includes(handles[name] ?? ''));
      return [...new Set(used.map(({ secret }) => secret))];
    },
    reveal: (value) => mapTexts(value, revealText, (number) => number),
    inAddress: (text) =>
      [...values.keys()].reduce((marked, token) => marked.replaceAll(token, `${token}${IN_ADDRESS}`), text),
    named: (value) => mapTexts(value, nameText, (number) => number),
    scrub: <Value extends Json>(value: Value) =>
      mapTexts(value, scrubText, (number) => (forms.includes(String(number)) ? SCRUBBED : number)) as Value,
  };
}

/** Most runs have no secrets: their values are not walked through again and again. */
const NOTHING_SECRET: Omit<SecretVault, 'variable'> = {
  handles: {},
  warnings: [],
  isUsedIn: () => false,
  usedIn: () => [],
  reveal: (value) => value,
  inAddress: (text) => text,
  named: (value) => value,
  scrub: (value) => value,
};

interface Leaf {
  /** The secret's own name; `name` is that of this text of it. */
  readonly secret: string;
  readonly name: string;
  readonly value: string;
}

function leavesOf(secrets: Secrets): Leaf[] {
  return Object.entries(secrets).flatMap(([name, secret]) =>
    typeof secret === 'string'
      ? [{ secret: name, name, value: secret }]
      : Object.entries(secret).map(([key, value]) => ({ secret: name, name: `${name}.${key}`, value })),
  );
}

function shapeOf(secrets: Secrets, handles: Handles): Json {
  const entries = Object.entries(secrets).map(([name, secret]): [string, Json] => [
    name,
    typeof secret === 'string'
      ? (handles[name] ?? null)
      : Object.fromEntries(Object.keys(secret).map((key) => [key, handles[`${name}.${key}`] ?? null])),
  ]);
  return Object.fromEntries(entries);
}

/** Every text under which a value is recognised, longest first so that no form is cut by a shorter one. */
function formsOf(values: readonly string[]): string[] {
  const long = values.filter((value) => value.length >= SHORTEST_SCRUBBED);
  const forms = long.flatMap((value) => [
    value,
    escaped(value),
    // In a text that is JSON within JSON.
    escaped(escaped(value)),
    // As a browser writes it when nobody has encoded it: in a query, and where `encodeURI` was thought to be enough.
    value.toWellFormed().replaceAll(/[\s"#<>\u007f-\u{10ffff}]/gu, encodeURIComponent),
    encodeURI(value.toWellFormed()),
    encodeURIComponent(value.toWellFormed()),
    new URLSearchParams({ v: value }).toString().slice(2),
    ...base64Forms(value),
  ]);
  return [...new Set(forms)].sort((one, other) => other.length - one.length);
}

function escaped(value: string): string {
  return JSON.stringify(value).slice(1, -1);
}

/** Base64 of the value alone, and of its inner part at each of the three places it can have in a longer text. */
function base64Forms(value: string): string[] {
  const bytes = Buffer.from(value, 'utf8');
  const forms = [bytes.toString('base64'), bytes.toString('base64').replace(/=+$/, '')];
  for (const shift of [0, 1, 2]) {
    const text = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    // Characters that also depend on the neighbours before (shift) and behind (an incomplete last group) are left out.
    const complete = Math.floor(((shift + bytes.length) * 8) / 6);
    const inner = text.slice(Math.ceil((shift * 8) / 6), complete);
    if (inner.length >= 6) forms.push(inner);
  }
  return forms.flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')]);
}

function mapTexts(value: Json, text: (value: string) => string, number: (value: number) => Json): Json {
  if (typeof value === 'string') return text(value);
  if (typeof value === 'number') return number(value);
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return (value as readonly Json[]).map((item) => mapTexts(item, text, number));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [text(key), mapTexts(item, text, number)]));
}
