/**
 * Which rows of a long list stand in the document: those that are seen, and as many above and below them. Rows have one
 * height, so that where each of them is needs no layout. Pure.
 */

/** Pixels; `viewer.css` has the same. */
const ROW_HEIGHT = 46;
const HEADING_HEIGHT = 36;
/** A list is drawn anew only when it was scrolled by so much. */
const STRIDE = ROW_HEIGHT * 8;

/** Where each row begins, and behind the last where the list ends. */
export function topsOf(count: number, hasHeading: (index: number) => boolean): Float64Array {
  const tops = new Float64Array(count + 1);
  for (let index = 0; index < count; index += 1) {
    tops[index + 1] = tops[index]! + ROW_HEIGHT + (hasHeading(index) ? HEADING_HEIGHT : 0);
  }
  return tops;
}

/** A place of the list, coarse enough that small movements are the same place. */
export function placeOf(scrolled: number): number {
  return Math.floor(scrolled / STRIDE) * STRIDE;
}

/** The rows to draw, first and behind the last, at a place of a list that is `height` high. */
export function windowOf(tops: Float64Array, place: number, height: number): readonly [first: number, end: number] {
  const last = tops.length - 1;
  // A list that has become shorter is shown at its end before it says that it was scrolled.
  const at = Math.min(place, Math.max(0, tops[last]! - height));
  const from = rowAtHeight(tops, at - Math.max(height, STRIDE));
  const to = rowAtHeight(tops, at + STRIDE + height + Math.max(height, STRIDE));
  return [from, Math.min(last, to + 1)];
}

/** How far a list is to be scrolled so that a row is seen; as far as it is when the row is seen already. */
export function scrolledTo(tops: Float64Array, index: number, scrolled: number, height: number): number {
  if (tops[index]! < scrolled) return tops[index]!;
  return Math.max(scrolled, tops[index + 1]! - height);
}

/** The row at a height; the first and the last one beyond the ends. */
function rowAtHeight(tops: Float64Array, height: number): number {
  let [low, high] = [0, Math.max(0, tops.length - 2)];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (tops[middle]! <= height) low = middle;
    else high = middle - 1;
  }
  return low;
}
