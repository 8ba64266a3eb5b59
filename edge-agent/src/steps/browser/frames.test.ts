/** Elements inside frames: found by selectors that name the frame, and offered by failures with the frame in front. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { failureOf, serve, shareBrowser, type SharedBrowser, type TestRun, type TestSite } from './run-for-tests.ts';

const INNER = `<label>Card number <input></label><button>Pay now</button><table aria-label="Fees"><tr><th>Fee</th></tr>
  <tr><td>1</td></tr></table><iframe title="3-D Secure" src="/deep"></iframe>`;
const OUTER = `<h1>Checkout</h1><button>Pay later</button><main><iframe title="Payment" src="/inner"></iframe></main>
  <iframe name="ad" src="/ad"></iframe><iframe name="ad" src="/ad"></iframe><iframe src="/nameless?x=1"></iframe>`;
const SHADOW = `<div id="host"></div><script>document.querySelector('#host').attachShadow({ mode: 'open' }).innerHTML =
  '<iframe aria-label="In shadow" src="/ad"></iframe>';</script>`;

let browser: SharedBrowser;
let site: TestSite;
let run: TestRun;

beforeAll(async () => {
  browser = await shareBrowser();
  site = await serve({
    '/': OUTER,
    '/inner': INNER,
    '/deep': '<button>Confirm</button>',
    '/ad': '<button>Buy</button>',
    '/nameless': '<button>Help</button>',
    '/shadow': SHADOW,
  });
});
afterAll(async () => {
  await browser.close();
  await site.close();
});
beforeEach(async () => {
  run = await browser.newRun();
  await run.call('browser.open', { url: `${site.url}/` });
});
afterEach(() => run.end());

const failing = (name: string, args: unknown) => failureOf(run.call(name, args, { timeoutMs: 4_000 }));

describe('frames', () => {
  test('a field in a frame is filled and read, a table read, a button in a frame of the frame clicked', async () => {
    const target = 'frame "Payment" >> textbox "Card number"';
    await run.call('browser.fill', { target, value: '4711' });
    expect(await run.call('browser.value', { target })).toBe('4711');
    expect(run.seen.target).toEqual({ selector: target, found: target, matches: 1 });
    expect(await run.call('browser.table', { target: 'frame "Payment" >> table "Fees"' })).toEqual([{ Fee: '1' }]);
    await run.call('browser.click', { target: 'frame "Payment" >> frame "3-D Secure" >> button "Confirm"' });
  });

  test('keys go to the field in a frame that has the focus; with no focus at all nothing is typed', async () => {
    expect(await failing('browser.type', { text: '1' })).toMatchObject({ code: 'NOTHING_FOCUSED', certain: true });
    const target = 'frame "Payment" >> textbox "Card number"';
    await run.call('browser.click', { target });
    await run.call('browser.type', { text: '42' });
    expect(await run.call('browser.value', { target })).toBe('42');
  });

  test('a frame is meant by a pattern, by its name, by its number, by its address, inside what is around it', async () => {
    const text = (frame: string): Promise<unknown> => run.call('browser.text', { target: `${frame} >> button` });
    expect(await text('frame /^pay/i')).toBe('Pay now');
    expect(await text('main >> frame')).toBe('Pay now');
    expect(await text('frame "ad" :nth(2)')).toBe('Buy');
    expect(await text('frame [url="*/nameless*"]')).toBe('Help');
    expect(await text('frame [name="ad"] :nth(1)')).toBe('Buy');
    await run.call('browser.goto', { url: `${site.url}/shadow` });
    expect(await text('frame "In shadow"')).toBe('Buy');
  });

  test('the same button outside the frame is not meant, and the frame itself is an element', async () => {
    expect(await run.call('browser.exists', { target: 'button "Pay now"' })).toBe(false);
    expect(await run.call('browser.exists', { target: 'frame "Payment" >> button "Pay later"' })).toBe(false);
    expect(await run.call('browser.count', { target: 'frame "ad"' })).toBe(2);
    expect(await run.call('browser.attribute', { target: 'frame "Payment"', name: 'src' })).toBe('/inner');
    expect(await run.call('browser.waitFor', { visible: 'frame "Payment" >> button "Pay now"' })).toMatchObject({});
  });

  test('a name that is only in a frame is offered with the frame in front, and the offer works', async () => {
    const failure = await failing('browser.click', { target: 'button "Pay naw"' });
    expect(failure.code).toBe('SELECTOR_NO_MATCH');
    expect(failure.detail).toContain('frame "Payment" >> button "Pay now"');
    expect(run.seen.target).toMatchObject({ selector: 'button "Pay naw"', found: null, matches: 0 });
    const candidates = run.seen.target?.candidates ?? [];
    expect(candidates).toContain('frame "Payment" >> button "Pay now"');
    for (const target of candidates) expect(await run.call('browser.count', { target })).toBe(1);
  });

  test('a frame that is not there is told from one that is there twice', async () => {
    const none = await failing('browser.text', { target: 'frame "Paiment" >> button' });
    expect(none).toMatchObject({ code: 'SELECTOR_NO_MATCH', certain: true });
    expect(none.detail).toContain('frame "Paiment" matches nothing');
    expect(none.detail).toContain('frame "Payment"');
    const two = await failing('browser.text', { target: 'frame "ad" >> button "Buy"' });
    expect(two).toMatchObject({ code: 'SELECTOR_AMBIGUOUS', certain: true });
    expect(two.detail).toContain('frame "ad" matches 2 elements');
    expect(two.detail).toContain('frame "ad" :nth(1) | frame "ad" :nth(2)');
    expect(await failing('browser.count', { target: 'frame "ad" >> button "Buy"' })).toMatchObject({
      code: 'SELECTOR_AMBIGUOUS',
    });
  });

  test('a wrong name inside a frame is answered with what that frame has', async () => {
    const failure = await failing('browser.click', { target: 'frame "Payment" >> button "Pay noww"' });
    expect(failure.detail).toContain('Nearest: frame "Payment" >> button "Pay now"');
  });

  test('the record names by role and name what css, a pattern or a number found', async () => {
    await run.call('browser.text', { target: 'css=h1' });
    expect(run.seen.target).toEqual({ selector: 'css=h1', found: 'heading "Checkout"', matches: 1 });
    await run.call('browser.text', { target: 'button /later/' });
    expect(run.seen.target?.found).toBe('button "Pay later"');
    expect(run.seen.page).toEqual({ url: `${site.url}/`, title: 'Test' });
  });
});
