/**
 * Formula injection: a spreadsheet runs a text of a CSV file that begins like a formula, and the text may be a stranger's.
 * An apostrophe before it makes it a text. Numbers, also signed ones, telephone numbers and percentages are left as they are.
 */

const BEGINS_LIKE_A_FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;
const NUMBER = /^[+-]?\d+(?:[., '/-]\d+)*(?:[eE][+-]?\d+)?\s?%?$/;

export function disarmed(text: string): string {
  return BEGINS_LIKE_A_FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
}
