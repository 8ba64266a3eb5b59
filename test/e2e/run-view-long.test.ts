/**
 * A record of 10,000 steps in the viewer: only what is seen stands in the document, and nothing that a person does with a list
 * is lost by that: keys, the search, the focus, and how a screen reader counts.
 */
import type { Step } from '@casare/shared/api';
import type { RecordSource } from '@casare/shared/record';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { each, RecordViewer, rowOf, second } from '../support/record-viewer.ts';

const STEPS = 10_000;
/** Three screens of rows and a few more. */
const MOST_ROWS = 100;

let viewer: RecordViewer;
let zip: string;

beforeAll(async () => {
  viewer = await RecordViewer.start();
  zip = await viewer.write(source());
});
afterAll(() => viewer.close());
afterEach(async () => expect(await viewer.reset()).toEqual([]));

describe('a record of 10,000 steps', () => {
  test('has only rows in the document that are near what is seen, wherever it is scrolled to', async () => {
    const page = await viewer.open(zip);
    await page.getByText(`${STEPS} steps`, { exact: true }).waitFor();
    await rowOf(page, 'step-2#').waitFor();
    expect(await rowsIn(page)).toBeLessThan(MOST_ROWS);
    for (const part of [0.25, 0.5, 0.75, 1]) {
      const holes = await page.evaluate(SCROLL_TO, part);
      expect(holes, `scrolled to ${part}`).toBe(0);
      expect(await rowsIn(page)).toBeLessThan(MOST_ROWS);
    }
    await rowOf(page, `step-${STEPS}#`).waitFor();
  });

  test('goes to its ends by keys, with the focus, and says which of how many a row is', async () => {
    const page = await viewer.open(zip);
    await rowOf(page, 'step-2#').focus();
    await page.keyboard.press('End');
    const current = page.locator('.timeline [aria-current]');
    await current.getByText(`step-${STEPS}`).waitFor();
    await page.locator('.timeline [aria-current]:focus').waitFor();
    const item = page.locator('.timeline li:has([aria-current])');
    expect(await item.getAttribute('aria-posinset')).toBe(String(STEPS));
    expect(await item.getAttribute('aria-setsize')).toBe(String(STEPS));
    expect(await item.getAttribute('aria-level')).toBe('2');
    await page.keyboard.press('ArrowUp');
    await current.getByText(`step-${STEPS - 1}`).waitFor();
    await page.keyboard.press('Home');
    await current.getByText('each', { exact: true }).waitFor();
    expect(await rowsIn(page)).toBeLessThan(MOST_ROWS);
  });

  test('keeps the row that has the focus when it is scrolled out of view', async () => {
    const page = await viewer.open(zip);
    const row = rowOf(page, 'step-2#');
    await row.focus();
    await page.evaluate(SCROLL_TO, 1);
    expect(await page.locator('.timeline button:focus').innerText()).toContain('step-2');
  });

  test('finds a step by its name, and goes through what was found without leaving the search', async () => {
    const page = await viewer.open(zip);
    await page.keyboard.press('/');
    await page.keyboard.type('step-777');
    // 777 and 7770 to 7779
    await page.getByText(`11 of ${STEPS} steps`).waitFor();
    await page.keyboard.press('Enter');
    await page.keyboard.press('ArrowDown');
    await page.locator('.timeline [aria-current]').getByText('step-7770').waitFor();
    await page.keyboard.press('Escape');
    await page.getByText(`${STEPS} steps`, { exact: true }).waitFor();
  });
});

/** Scrolls the list to a part of its length and gives, a frame later, how many pixels of what is seen have no row. */
const SCROLL_TO = (part: number): Promise<number> => {
  const { document, requestAnimationFrame: frame } = globalThis as unknown as {
    document: {
      querySelector: (selector: string) => Scrolled;
      querySelectorAll: (selector: string) => Iterable<Scrolled>;
    };
    requestAnimationFrame: (then: () => void) => void;
  };
  interface Scrolled {
    scrollTop: number;
    scrollHeight: number;
    getBoundingClientRect(): { top: number; bottom: number };
  }
  const list = document.querySelector('.timeline');
  list.scrollTop = list.scrollHeight * part;
  return new Promise((resolve) => {
    frame(() => {
      const seen = list.getBoundingClientRect();
      let filled = 0;
      for (const row of document.querySelectorAll('.timeline li')) {
        const { top, bottom } = row.getBoundingClientRect();
        filled += Math.max(0, Math.min(bottom, seen.bottom) - Math.max(top, seen.top));
      }
      resolve(Math.round(seen.bottom - seen.top - filled));
    });
  });
};

function rowsIn(page: Page): Promise<number> {
  return page.locator('.timeline li').count();
}

/** A loop and its turns. */
function source(): RecordSource {
  const step = (n: number): Step => ({
    ...{ attempt: 1, seq: n, path: '/do/0/each/do/0/s', position: `/do/0/each[${n}]/do/0/s`, name: `step-${n}` },
    ...{ task: 'call', call: 'browser.text:1.0.0', effect: 'idempotent', state: 'completed', output: n, error: null },
    ...{ startedAt: second(n), endedAt: second(n + 1), durationMs: 1_000 },
  });
  const loop: Step = {
    ...{ ...step(1), path: '/do/0/each', position: '/do/0/each', name: 'each', task: 'for', call: null },
    ...{ endedAt: second(STEPS + 1), durationMs: STEPS * 1_000 },
  };
  const steps = [loop, ...Array.from({ length: STEPS - 1 }, (_, index) => step(index + 2))];
  return {
    job: {
      ...{ id: '0198a7c0-0000-7000-8000-000000000000', state: 'succeeded', generation: 1, attempt: 1, agent: null },
      ...{ input: null, output: null, error: null, review: null, createdAt: second(0), startedAt: second(0) },
      ...{ endedAt: second(STEPS + 1), workflow: { namespace: 'test', name: 'long', version: '1.0.0' } },
    },
    document: null,
    attempts: [],
    events: () => each([]),
    steps: () => each(steps),
    log: () => each([]),
    artifacts: () => each([]),
    open: () => Promise.resolve({ missing: 'there is none' }),
  };
}
