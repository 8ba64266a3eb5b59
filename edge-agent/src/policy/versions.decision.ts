/** Least versions of workflows: `>=1.2.0`, or `1.2.0` for the same. Versions are semantic (2.0.0, section 11). */

const VERSION = /^(0|[1-9]\d{0,15})\.(0|[1-9]\d{0,15})\.(0|[1-9]\d{0,15})(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/;

/** The least version that a range names; null when it is none. */
export function readRange(text: string): string | null {
  const version = text.replace(/^>=\s*/, '');
  return VERSION.test(version) ? version : null;
}

/** True when `version` is the least version or comes after it. What is no version is not. */
export function isAtLeast(version: string, least: string): boolean {
  const [one, other] = [VERSION.exec(version), VERSION.exec(least)];
  if (one === null || other === null) return false;
  for (const part of [1, 2, 3]) {
    const difference = Number(one[part]) - Number(other[part]);
    if (difference !== 0) return difference > 0;
  }
  return comparePre(one[4], other[4]) >= 0;
}

/** A version without a pre-release comes after those with one; numbers come before words. */
function comparePre(one: string | undefined, other: string | undefined): number {
  if (one === undefined || other === undefined) return Number(one === undefined) - Number(other === undefined);
  const [left, right] = [one.split('.'), other.split('.')];
  for (const [index, part] of left.entries()) {
    const against = right[index];
    if (against === undefined) return 1;
    const order = comparePart(part, against);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

function comparePart(one: string, other: string): number {
  const numbers = [one, other].map((text) => /^\d+$/.test(text));
  if (numbers[0] && numbers[1]) return Number(one) - Number(other);
  if (numbers[0] !== numbers[1]) return numbers[0] ? -1 : 1;
  return one < other ? -1 : Number(one > other);
}
