/** How alike two texts are to a person who mistyped one of them. */

/** 1 for equal but for case and spaces, 0 for nothing in common: shared pairs of characters (Dice's coefficient). */
export function likeness(one: string, other: string): number {
  const [left, right] = [normalised(one), normalised(other)];
  if (left === '' || right === '') return 0;
  if (left === right) return 1;
  const [few, many] = [pairsOf(left), pairsOf(right)];
  const total = few.length + many.length;
  if (total === 0) return 0;
  let shared = 0;
  for (const pair of few) {
    const at = many.indexOf(pair);
    if (at === -1) continue;
    many.splice(at, 1);
    shared += 1;
  }
  const contained = left.includes(right) || right.includes(left) ? 0.5 : 0;
  return Math.max(contained, (2 * shared) / total);
}

function normalised(text: string): string {
  return text.toLowerCase().replaceAll(/\s+/g, ' ').trim().slice(0, 100);
}

function pairsOf(text: string): string[] {
  return Array.from({ length: Math.max(text.length - 1, 0) }, (_, index) => text.slice(index, index + 2));
}
