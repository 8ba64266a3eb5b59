/** Comparing what was typed with what a field holds. */

/** A field that formats what is typed (telephone numbers, amounts) still holds the same letters and digits in a row. */
const LETTERS_AND_DIGITS = /[^\p{L}\p{N}]/gu;

/** True when a field with `kept` has taken `typed`. A protected field tells only how long it is. */
export function isKept(kept: string, typed: string, isProtected: boolean): boolean {
  if (isProtected) return [...kept].length === [...typed].length;
  if (kept === typed) return true;
  const wanted = letters(typed);
  return wanted !== '' && letters(kept).includes(wanted);
}

function letters(text: string): string {
  return text.replaceAll(LETTERS_AND_DIGITS, '').toLowerCase();
}
