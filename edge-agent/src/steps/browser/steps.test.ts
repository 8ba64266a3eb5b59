/** The browser steps on small pages of our own. */
import { readFile, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { StepFailure } from '../../engine/index.ts';
import { failureOf, serve, shareBrowser, type SharedBrowser, type TestRun, type TestSite } from './run-for-tests.ts';

const FORM = `<form><label>Name <input maxlength="5"></label> <label>Phone <input id="phone"
    oninput="this.value = this.value.replace(/(\\d{3})(?=\\d)/, '$1-')"></label>
  <label>Locked <input readonly value="x"></label>
  <label>Agree <input type="checkbox"></label>
  <label>Country <select></select></label> <label>Off <select disabled><option>x</select></label> <label>Drawn <input role="combobox"></label></form>
  <script>setTimeout(() => { document.querySelector('select:enabled').innerHTML = '<option>Austria<option>Brazil'; }, 200)</script>`;
const ROWS = ['A-1', 'B-2', 'C-3']
  .map((name) => `<tr aria-label="${name}"><th scope="row">${name}</th><td><a href="/file/${name}">PDF</a></td></tr>`)
  .join('');
const LIST = `<h1>Orders</h1><table aria-label="Orders"><tr><th>Order</th><th>Document</th></tr>${ROWS}</table>
  <button>Delete</button><button>Delete</button><button data-testid="last">Delete</button><button>Save draft</button>`;
const OVERLAY = `<button onclick="document.title='clicked'">Pay</button>
  <div id="cover" style="position:fixed;inset:0;background:#0008"></div>`;
const LATE = `<main></main><script>
  setTimeout(() => { document.querySelector('main').innerHTML = '<button>Ready</button>'; }, 300);
  function go() { history.pushState({}, '', '/late/done'); document.querySelector('button').remove(); }
  document.querySelector('main').onclick = () => setTimeout(go, 200);</script>`;
const TABLES = `<table aria-label="Spread"><thead><tr><th colspan="2">Amount</th><th></th></tr></thead>
    <tbody><tr><td>1</td><td>EUR</td><td>x</td></tr><tr hidden><td>9</td></tr>
      <tr><td>2</td><td><table><tr><td>inner</td></tr></table></td><td>  y
        z </td></tr></tbody></table>
  <table aria-label="Empty"><tr><th>A</th></tr></table>
  <div role="grid" aria-label="Grid"><div role="row"><span role="columnheader">K</span></div>
    <div role="row"><span role="gridcell">v</span></div></div>
  <table aria-label="Late"><thead><tr><th>N</th></tr></thead><tbody></tbody></table>
  <script>setTimeout(() => { document.querySelector('[aria-label=Late] tbody').innerHTML = '<tr><td>1</td></tr>'; }, 400)</script>`;
const STUCK = `<button disabled>Off</button>
  <button onclick="const began = Date.now(); while (Date.now() - began < 4000);">Busy</button>`;
const BROKEN = `<button onclick="alert('Sure?'); null.x">Break</button>`;

let browser: SharedBrowser;
let site: TestSite;
let run: TestRun;

beforeAll(async () => {
  const pages = {
    '/form': FORM,
    '/list': LIST,
    '/overlay': OVERLAY,
    '/late': LATE,
    '/tables': TABLES,
    '/stuck': STUCK,
  };
  browser = await shareBrowser();
  site = await serve({ ...pages, '/broken': BROKEN, '/error': (_, response) => response.writeHead(503).end('down') });
});
afterAll(async () => {
  await browser.close();
  await site.close();
});
beforeEach(async () => {
  run = await browser.newRun();
});
afterEach(() => run.end());

const open = (path: string): Promise<unknown> => run.call('browser.open', { url: `${site.url}${path}` });
/** The content of the newest artifact whose name ends so. */
const artifact = (end: string): Promise<Buffer> =>
  readFile(run.artifacts.findLast(({ name }) => name.endsWith(end))?.path ?? '');
const failing = (name: string, args: unknown, timeoutMs = 1_500): Promise<StepFailure> =>
  failureOf(run.call(name, args, { timeoutMs }));

describe('finding elements', () => {
  test('a selector that matches nothing lists the nearest that match, and nothing was done', async () => {
    await open('/list');
    const failure = await failing('browser.click', { target: 'button "Save Drafts"' });
    expect(failure).toMatchObject({ code: 'SELECTOR_NO_MATCH', status: 408, type: 'timeout', certain: true });
    expect(failure.detail).toContain('Nearest: button "Save draft"');
  });

  test('a selector that matches three offers each one, and every offer works', async () => {
    await open('/list');
    const failure = await failing('browser.text', { target: 'link "PDF"' });
    expect(failure).toMatchObject({ code: 'SELECTOR_AMBIGUOUS', status: 409, certain: true });
    expect(failure.detail).toContain('matches 3 elements');
    const offers = failure.detail?.split('choose one: ')[1]?.split(' | ');
    expect(offers).toEqual(['A-1', 'B-2', 'C-3'].map((name) => `row "${name}" >> link "PDF"`));
    for (const target of offers ?? []) expect(await run.call('browser.text', { target })).toBe('PDF');
    const same = await failing('browser.text', { target: 'button "Delete"' });
    expect(same.detail).toContain('button "Delete" :nth(1) | button "Delete" :nth(2) | button "Delete" :nth(3)');
  });

  test('names the step of a longer selector that fails, inside what was found before it', async () => {
    await open('/list');
    const failure = await failing('browser.text', { target: 'row "B-2" >> link "PFD"' });
    expect(failure.detail).toContain('Nearest: row "B-2" >> link "PDF"');
  });

  test('reads exact names, patterns, numbers, test ids, css and xpath', async () => {
    await open('/list');
    const href = (target: string): Promise<unknown> => run.call('browser.attribute', { target, name: 'href' });
    expect(await href('row "B-2" >> link "PDF"')).toBe('/file/B-2');
    expect(await href('link /^pdf$/i :nth(3)')).toBe('/file/C-3');
    expect(await href('css=tr:nth-child(2) a')).toBe('/file/A-1');
    expect(await href('row "A-1" >> xpath=//a')).toBe('/file/A-1');
    expect(await run.call('browser.count', { target: 'button "Delete" [id="last"]' })).toBe(1);
    expect(await run.call('browser.count', { target: 'button "Del"' })).toBe(0);
    expect(await run.call('browser.exists', { target: 'heading "Orders" [level="1"]' })).toBe(true);
    expect(await run.call('browser.exists', { target: 'heading "Orders" [level="2"]' })).toBe(false);
  });

  test('waits for an element that appears later', async () => {
    await open('/late');
    expect(await run.call('browser.text', { target: 'button "Ready"' })).toBe('Ready');
  });

  test('a window is no element of a page', async () => {
    await open('/list');
    expect(await failing('browser.text', { target: 'window "Ledger"' })).toMatchObject({ code: 'SELECTOR_INVALID' });
  });
});

describe('acting', () => {
  test('a covered button is not clicked: the failure names the cover and is certain', async () => {
    await open('/overlay');
    const failure = await failing('browser.click', { target: 'button "Pay"' });
    expect(failure).toMatchObject({ code: 'ELEMENT_NOT_READY', status: 408, certain: true });
    expect(failure.detail).toContain('<div id="cover"></div> intercepts pointer events');
    expect(await run.call('browser.waitFor', { visible: 'button "Pay"' })).toMatchObject({ title: 'Test' });
  });

  test('a click that was begun and not finished in time is in doubt; one on a disabled button is not', async () => {
    await open('/stuck');
    expect(await failing('browser.click', { target: 'button "Off"' })).toMatchObject({
      code: 'ELEMENT_NOT_READY',
      certain: true,
    });
    expect(await failing('browser.click', { target: 'button "Busy"' })).toMatchObject({ status: 408, certain: false });
  });

  test('what is expected after a click: gone and the address', async () => {
    await open('/late');
    const expected = { gone: 'button "Ready"', url: '*/late/done' };
    const state = await run.call('browser.click', { target: 'button "Ready"', expect: expected });
    expect(state).toMatchObject({ url: `${site.url}/late/done` });
  });

  test('an expectation that is not met leaves the click in doubt', async () => {
    await open('/list');
    const args = { target: 'button "Save draft"', expect: { gone: 'button "Save draft"' } };
    const failure = await failing('browser.click', args);
    expect(failure).toMatchObject({ code: 'EXPECTATION_NOT_MET', status: 408, certain: false });
    expect(failure.detail).toContain('button "Save draft" to be gone');
  });

  test('fills a field and reads it back, also where the page formats it', async () => {
    await open('/form');
    await run.call('browser.fill', { target: 'textbox "Name"', value: 'Ann' });
    expect(await run.call('browser.value', { target: 'textbox "Name"' })).toBe('Ann');
    await run.call('browser.fill', { target: 'textbox "Phone"', value: 1234567 });
    expect(await run.call('browser.value', { target: 'textbox "Phone"' })).toBe('123-4567');
  });

  test('a read-only field is left alone; one that shortens the value fails in doubt', async () => {
    await open('/form');
    const locked = await failing('browser.fill', { target: 'textbox "Locked"', value: 'y' });
    expect(locked).toMatchObject({ status: 408, certain: true });
    const shortened = await failing('browser.fill', { target: 'textbox "Name"', value: 'Annabella' });
    expect(shortened).toMatchObject({ code: 'FIELD_NOT_FILLED', certain: false });
    expect(shortened.detail).not.toContain('Anna');
  });

  test('chooses options that arrive late, and lists what there is', async () => {
    await open('/form');
    const target = 'combobox "Country"';
    expect(await run.call('browser.select', { target, option: 'Brazil' })).toEqual({ selected: ['Brazil'] });
    const failure = await failing('browser.select', { target, option: 'Brasil' });
    expect(failure).toMatchObject({ code: 'OPTION_NOT_FOUND', certain: true });
    expect(failure.detail).toContain('it has "Austria", "Brazil"');
    const off = await failing('browser.select', { target: 'combobox "Off"', option: 'x' });
    expect(off).toMatchObject({ code: 'ELEMENT_NOT_READY', certain: true });
    const drawn = await failing('browser.select', { target: 'combobox "Drawn"', option: 'x' });
    expect(drawn.code).toBe('LIST_NOT_NATIVE');
  });

  test('sets and clears a check box', async () => {
    await open('/form');
    const target = 'checkbox "Agree"';
    expect(await run.call('browser.check', { target })).toEqual({ checked: true });
    expect(await run.call('browser.check', { target })).toEqual({ checked: true });
    expect(await run.call('browser.check', { target, checked: false })).toEqual({ checked: false });
  });

  test('presses keys on an element and where the focus is; an unknown key is named', async () => {
    await open('/form');
    const target = 'textbox "Name"';
    await run.call('browser.press', { target, key: 'a' });
    await run.call('browser.press', { key: 'b' });
    expect(await run.call('browser.value', { target })).toBe('ab');
    const failure = await failing('browser.press', { key: 'Entre' });
    expect(failure).toMatchObject({ code: 'KEY_UNKNOWN', type: 'validation' });
  });
});

describe('tables', () => {
  test('spans, empty headers, hidden rows, nested tables and white space', async () => {
    await open('/tables');
    expect(await run.call('browser.table', { target: 'table "Spread"' })).toEqual([
      { Amount: '1', 'Amount 2': 'EUR', 'Column 3': 'x' },
      { Amount: '2', 'Amount 2': 'inner', 'Column 3': 'y z' },
    ]);
  });

  test('an empty table, a grid of ARIA roles, and rows that arrive late', async () => {
    await open('/tables');
    expect(await run.call('browser.table', { target: 'table "Late"' })).toEqual([{ N: '1' }]);
    expect(await run.call('browser.table', { target: 'table "Empty"' })).toEqual([]);
    expect(await run.call('browser.table', { target: 'grid "Grid"' })).toEqual([{ K: 'v' }]);
  });

  test('a filter by a column that is not there names the columns; a heading is no table', async () => {
    await open('/list');
    const failure = await failing('browser.table', { target: 'table "Orders"', filter: { Ordre: 'A-1' } });
    expect(failure).toMatchObject({
      code: 'COLUMN_UNKNOWN',
      detail: expect.stringContaining('"Order", "Document"') as string,
    });
    expect(await failing('browser.table', { target: 'heading "Orders"' })).toMatchObject({ code: 'NOT_A_TABLE' });
    const limited = await run.call('browser.table', { target: 'table "Orders"', limit: 1 });
    expect(limited).toEqual([{ Order: 'A-1', Document: 'PDF' }]);
  });
});

describe('sessions and evidence', () => {
  test('a step without a session, and after close, says so; closing twice is fine', async () => {
    expect(await failing('browser.text', { target: 'button "x"' })).toMatchObject({
      code: 'BROWSER_NOT_OPEN',
      certain: true,
    });
    await open('/list');
    await run.call('browser.close', {});
    await run.call('browser.close', {});
    expect((await failing('browser.count', { target: 'button' })).code).toBe('BROWSER_NOT_OPEN');
  });

  test('an address that answers with an error fails with its status', async () => {
    await open('/list');
    expect(await failing('browser.goto', { url: `${site.url}/error` })).toMatchObject({
      code: 'URL_ANSWERED_ERROR',
      status: 503,
      type: 'communication',
    });
  });

  test('a failed step leaves a screenshot, a trace, the tree, both logs, and what went wrong in the page', async () => {
    await open('/broken');
    const args = { target: 'button "Break"', expect: { visible: 'heading "Done"' } };
    await failing('browser.click', args);
    const names = run.artifacts.map(({ name }) => name.replace(/^steps\/do-2-browser\.click-[0-9a-f]{8}\//, ''));
    expect(names.sort()).toEqual(['after.png', 'console.jsonl', 'network.jsonl', 'snapshot.txt', 'trace.zip']);
    expect((await artifact('after.png')).length).toBeGreaterThan(1_000);
    expect((await artifact('trace.zip')).length).toBeGreaterThan(1_000);
    expect(String(await artifact('snapshot.txt'))).toContain('- button "Break"');
    expect(JSON.parse(String(await artifact('network.jsonl')).split('\n')[0] ?? '')).toMatchObject({
      method: 'GET',
      url: `${site.url}/broken`,
      status: 200,
      kind: 'document',
    });
    expect(String(await artifact('console.jsonl'))).toMatch(/"level":"error","text":".*null/);
    expect(run.logs.join('\n')).toMatch(/dialog dismissed: alert "Sure\?"[^]*error in the page: .*null/);
  });

  test('a step that succeeds leaves nothing', async () => {
    await open('/list');
    await run.call('browser.click', { target: 'button "Save draft"' });
    await run.call('browser.close', {});
    expect(run.artifacts).toEqual([]);
  });

  test('a stopped run ends the step at once and takes no evidence', async () => {
    await open('/list');
    const stop = new AbortController();
    const waiting = run.call('browser.waitFor', { visible: 'heading "Never"' }, { signal: stop.signal });
    stop.abort(new Error('cancelled'));
    await expect(waiting).rejects.toMatchObject({ code: 'STEP_STOPPED', certain: true });
    expect(run.artifacts).toEqual([]);
  });

  test('stores screenshots of the page and of an element', async () => {
    await open('/list');
    const page = await run.call('browser.screenshot', { saveAs: 'shots/page.png', fullPage: true });
    const table = await run.call('browser.screenshot', { target: 'table "Orders"', saveAs: 'shots/table.png' });
    expect(page).toMatchObject({ path: 'shots/page.png', mediaType: 'image/png' });
    expect((table as { bytes: number }).bytes).toBeLessThan((page as { bytes: number }).bytes);
    const bytes = await readFile(join(run.folder, 'files/shots/page.png'));
    expect(bytes.subarray(1, 4).toString()).toBe('PNG');
  });

  test('a file cannot be stored outside the run’s folder, not even through a link', async () => {
    await open('/list');
    const shoot = (saveAs: string): Promise<unknown> => run.call('browser.screenshot', { saveAs });
    await shoot('ok.png');
    for (const saveAs of ['../out.png', 'a/../../out.png', '/tmp/out.png']) {
      await expect(shoot(saveAs)).rejects.toThrow('saveAs');
    }
    await symlink(tmpdir(), join(run.folder, 'files', 'link'));
    expect(await failureOf(shoot('link/out.png'))).toMatchObject({ code: 'FILE_NAME_REFUSED', certain: true });
  });
});
