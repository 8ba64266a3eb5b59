/**
 * What is wrong with a document. A finding names its place by JSON Pointer; a problem also has the line and column of
 * the text it was read from. Lists of both are bounded: nobody mends the fifty-first before the first.
 */

/** Something wrong at a place of a document that may not have come from text. */
export interface Finding {
  /** JSON Pointer; `` is the whole document. A missing member is named by where it should be. */
  readonly path: string;
  /** Whether the name at this path is at fault, or what stands under it. */
  readonly at: 'key' | 'value';
  /** One sentence: what is wrong, with the suggestion if there is one. */
  readonly message: string;
  /** What was probably meant, ready to be put in its place. */
  readonly suggestion?: string;
}

/** Something wrong in a text. `line` and `column` count from 1. */
export interface Problem {
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly suggestion?: string;
}

/** The most problems one answer lists. */
export const MAX_PROBLEMS = 50;

/** A finding about something unknown: `there is no step \`browser.clik\`; did you mean \`browser.click\`?`. */
export function unknown(
  path: string,
  at: Finding['at'],
  sentence: string,
  word: string,
  known: Iterable<string>,
): Finding {
  const suggestion = nearest(word, known);
  if (suggestion === undefined) return { path, at, message: sentence };
  return { path, at, message: `${sentence}; did you mean \`${suggestion}\`?`, suggestion };
}

/** The known word that is most like `word`, or `undefined` when none is like enough to be what was meant. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  const sought = word.slice(0, MAX_WORD).toLowerCase();
  let best: string | undefined;
  // About a third of the letters may be wrong, and always one or two: more is another word.
  let bestDistance = Math.max(2, Math.floor(sought.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(sought, candidate.slice(0, MAX_WORD).toLowerCase());
    if (distance < bestDistance && distance < candidate.length) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** Words are compared up to here: the cost is quadratic and the word is the author's. */
const MAX_WORD = 64;

/** Insertions, deletions, replacements and swaps of neighbours that make `a` into `b`. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + (same ? 0 : 1));
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) cost = Math.min(cost, beforeLast[column - 2]! + 1);
      current.push(cost);
    }
    [beforeLast, last] = [last, current];
  }
  return last[b.length]!;
}
