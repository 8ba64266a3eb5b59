/** What separates the cells of a CSV file: the candidate that is in its first line most often, outside of quotes. */

const CANDIDATES = [',', ';', '\t', '|'] as const;

/** `,` when there is none, for a file of one column. */
export function delimiterOf(text: string, quote: string): string {
  const counts = new Map<string, number>();
  let quoted = false;
  for (const character of text) {
    if (character === quote) quoted = !quoted;
    if (quoted) continue;
    if (character === '\n' || character === '\r') break;
    counts.set(character, (counts.get(character) ?? 0) + 1);
  }
  return CANDIDATES.reduce((best, one) => ((counts.get(one) ?? 0) > (counts.get(best) ?? 0) ? one : best));
}
