/**
 * The dither of the browser steps. Playwright clicks an element that stood still over two frames, so rounds that all begin at
 * the same phase of a frame take whole frames, and what an engine adds vanishes or costs a whole one. So the page itself works
 * for a while in each round, for a time that differs from round to round over one frame: rounds meet every phase, and their
 * mean is smooth in what is added. Every contender has the same times, and they are taken off its figures.
 */

/** How long the page works in round `n`, ms: evenly spread over a frame, by the golden ratio, also over few rounds. Its source goes into the page, so it stands alone. */
export function ditherMs(n: number): number {
  return ((n * 0.6180339887) % 1) * (1000 / 60);
}

/** What the page works in a round, as a mean over rounds 0 to `rounds - 1`, ms. */
export function meanDitherMs(rounds: number): number {
  return Array.from({ length: rounds }, (_, n) => ditherMs(n)).reduce((sum, ms) => sum + ms, 0) / rounds;
}
