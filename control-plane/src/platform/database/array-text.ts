/**
 * Lists of plain values as PostgreSQL reads them (its manual, section 8.15.2). pg quotes every element; most of ours are
 * ids, numbers and words that need none, and a batch has thousands of them.
 */

/** What must be quoted: braces, quotes, commas, white space, and what could be taken for no value at all. */
const SPECIAL = /[{}",\\\s]|^$|^null$/i;

/** A list of strings, numbers, booleans and nulls as one text; anything else, also a list with another in it, is left to pg. */
export function listText(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  let text = '';
  for (const item of value as unknown[]) {
    if (text !== '') text += ',';
    if (typeof item === 'string') text += SPECIAL.test(item) ? quoted(item) : item;
    else if (typeof item === 'number' || typeof item === 'boolean') text += String(item);
    else if (item === null) text += 'NULL';
    else return value;
  }
  return `{${text}}`;
}

function quoted(item: string): string {
  return `"${item.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
