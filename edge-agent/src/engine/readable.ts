/**
 * Values as the record shows them to people: long texts, lists and objects cut, with a note of what is missing. The
 * result is bounded, whatever the value is; nothing is ever computed from it.
 */
import type { Json } from '@casare/shared/workflow';

/** Characters of a text, members of a list or an object, and levels that are shown. */
const TEXT = 500;
const MEMBERS = 50;
const DEPTH = 6;
/** Characters of JSON. */
const WHOLE = 8_000;

/** A value of at most 8,000 characters of JSON. */
export function readable(value: Json): Json {
  for (let share = 1; share > 0.001; share /= 4) {
    const cut = shorten(value, share, DEPTH);
    if (JSON.stringify(cut).length <= WHOLE) return cut;
  }
  return `… (${JSON.stringify(value).length} characters)`;
}

function shorten(value: Json, share: number, depth: number): Json {
  if (typeof value === 'string') return shortText(value, Math.max(20, Math.floor(TEXT * share)));
  if (value === null || typeof value !== 'object') return value;
  const members = Math.max(1, Math.floor(MEMBERS * share));
  if (Array.isArray(value)) {
    const list = value as readonly Json[];
    if (depth === 0) return `… (${list.length} items)`;
    const shown = list.slice(0, members).map((item) => shorten(item, share, depth - 1));
    return list.length > members ? [...shown, `… (${list.length - members} more)`] : shown;
  }
  const entries = Object.entries(value as Readonly<Record<string, Json>>);
  if (depth === 0) return `… (${entries.length} members)`;
  const shown = entries
    .slice(0, members)
    .map(([key, member]) => [shortText(key, 200), shorten(member, share, depth - 1)]);
  const rest = entries.length > members ? [['…', `${entries.length - members} more`]] : [];
  return Object.fromEntries([...shown, ...rest]) as Json;
}

function shortText(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length)}… (${text.length} characters)`;
}
