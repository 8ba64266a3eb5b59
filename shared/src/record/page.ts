/**
 * The page of a record: the viewer, as it was built, with the run's data put into it. So it shows a run also where a
 * browser may read no file beside the page.
 *
 * Invariant: data never ends its element or begins another one: `<` is written as an escape, which JSON takes for the same.
 */

/** The element that holds the data. A viewer without data loads it from whoever serves it. */
export const PAGE_DATA_ID = 'casare-record';
const EMPTY = `<script type="application/json" id="${PAGE_DATA_ID}"></script>`;

/** Splits the built viewer where data goes; null when there is no such place. */
export function pageParts(viewer: string): readonly [before: string, after: string] | null {
  const at = viewer.indexOf(EMPTY);
  if (at === -1) return null;
  const cut = at + EMPTY.indexOf('</script>');
  return [viewer.slice(0, cut), viewer.slice(cut)];
}

/** A value as JSON that may stand in the element. */
export function pageJson(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', String.raw`\u003c`);
}
