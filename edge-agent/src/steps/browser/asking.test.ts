/** What a step asks a page after it has acted: how often, what it hears, and what becomes of that. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { strFromU8, unzipSync } from 'fflate';
import type { Browser, Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startBrowser, type StartedBrowser } from '../../browser/index.ts';
import { TEST_BROWSER } from '../../browser/browser-for-tests.ts';
import { createStepRegistry } from '../index.ts';
import { tapExchanges, type CountExchanges } from './exchanges-for-tests.ts';
import { failureOf, newRun, serve, type TestRun, type TestSite } from './run-for-tests.ts';

const FORM = `<label>Name <input></label><label><input type="checkbox">Agree</label><label>Paper <input type="file"></label>
  <label>Country <select><option>Austria<option>Brazil</select></label>
  <button role="switch" aria-checked="false" onclick="this.setAttribute('aria-checked', 'true')">Dark</button>`;

/** Where handlers of the page change what is asked about, and the title. */
const CHANGING = `<label>Title <input oninput="document.title = 'now ' + this.value"></label>
  <label>List <select multiple onchange="document.title = 'chosen'; for (const one of this.options) one.selected = one.label === 'Austria'">
    <option>Austria<option>Brazil<option>Chile</select></label>
  <label><input type="checkbox" onchange="document.title = this.checked">Agree</label>
  <label>Paper <input type="file" onchange="document.title = this.files[0].name"></label>
  <label>Once <input type="file" onchange="document.title = 'sent'; this.parentElement.remove()"></label>
  <div id="anew"><input aria-label="Anew" oninput="anewed(this)"></div>
  <div id="twice"><input aria-label="Twice" oninput="this.after(this.cloneNode())"></div>
  <label>Later <input oninput="setTimeout(() => { document.title = 'later'; later.hidden = false; }, 50)"></label>
  <p id="later" hidden role="status">done</p>
  <script>function anewed(field) {
    const { value } = field, box = field.parentElement;
    field.remove();
    setTimeout(() => { box.innerHTML = '<input aria-label="Anew">'; box.firstChild.value = value; }, 150);
  }</script>`;

const KINDS = `<my-host></my-host><my-field style="display: block; height: 1em" role="textbox" aria-label="Own" contenteditable></my-field>
  <div contenteditable role="textbox" aria-label="Note"></div>
  <div contenteditable role="textbox" aria-label="Short" oninput="this.textContent = this.textContent.slice(0, 3)"></div>
  <label id="around">Around <input value="inside"><a href="#">terms</a></label><textarea aria-label="Odd"></textarea>
  <script>
    customElements.define('my-host', class extends HTMLElement { constructor() { super();
      this.attachShadow({ mode: 'open' }).innerHTML = '<label>Deep <input></label><ul aria-label="Deep list"><li>a<li>b</ul>'; } });
    customElements.define('my-field', class extends HTMLElement { get value() { return 'own: ' + this.innerText; } });
    document.querySelector('textarea').value = 'a "b" \\\\ \\n \\ud83d\\ude00 \\ud800 c';
  </script>`;

const SECRET = 'p&ss "w0rd" <käse>';
const SHOWS = `<label>Key <input></label><label>Shown <input id="shown"></label><button onclick="fetch('/key').then((answer) => answer.text())
  .then((key) => { shown.value = key; document.title = 'shown'; })">Show</button>`;

let started: StartedBrowser;
let counted: CountExchanges;
let site: TestSite;
let run: TestRun;

beforeAll(async () => {
  started = await startBrowser(TEST_BROWSER);
  counted = tapExchanges(started.browser);
  const strict = (_: unknown, response: ServerResponse): void => {
    const policy = "default-src 'none'; sandbox allow-forms; require-trusted-types-for 'script'; trusted-types 'none'";
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy });
    response.end(`<!doctype html><title>Strict</title>${FORM}<ul aria-label="Two"><li>one<li>two</ul>`);
  };
  site = await serve({
    '/': FORM,
    '/changing': CHANGING,
    '/kinds': KINDS,
    '/framed': `<script>document.title = 'outside'</script><iframe title="In" src="/changing"></iframe>`,
    '/forging': `<label>Name <input></label><script>JSON.stringify = () => '{"answer":0}'; JSON.parse = () => 0;</script>`,
    '/strict': strict,
    '/shows': SHOWS,
    '/key': (_, response) => response.end(SECRET),
  });
});
afterAll(async () => {
  await started.close();
  await site.close();
});
beforeEach(async () => {
  const shared = { ...started, close: async () => {} };
  run = await newRun(createStepRegistry({ ...TEST_BROWSER, startBrowser: async () => shared }));
  await mkdir(join(run.folder, 'files'), { recursive: true });
  await writeFile(join(run.folder, 'files/a.txt'), 'four');
});
afterEach(() => run.end());

const open = (path: string): Promise<unknown> => run.call('browser.open', { url: site.url + path });
const failing = (name: string, args: unknown) => failureOf(run.call(name, args, { timeoutMs: 2_000 }));

describe('a step asks the page', () => {
  const quiet = { evidence: { trace: 'never' } } as const;

  /** Exchanges of a step, and of the call of Playwright alone that it is made of; a page has been asked before. */
  async function compare(step: string, args: object, alone: (find: Browser) => Promise<unknown>): Promise<number> {
    await run.call(`browser.${step}`, args, quiet);
    await alone(started.browser);
    const bare = await counted(() => alone(started.browser));
    return (await counted(() => run.call(`browser.${step}`, args, quiet))) - bare;
  }
  const found = (role: 'textbox' | 'combobox' | 'checkbox' | 'button' | 'switch', name: string) => (browser: Browser) =>
    browser.contexts()[0]!.pages()[0]!.getByRole(role, { name, exact: true });
  const doing =
    (find: (browser: Browser) => Locator, act: (element: Locator) => Promise<unknown>) => (browser: Browser) =>
      act(find(browser));

  test('once after it has filled, chosen or checked, and not at all where it only reads a value', async () => {
    await open('/');
    const [name, country, agree] = ['textbox "Name"', 'combobox "Country"', 'checkbox "Agree"'];
    const fill = doing(found('textbox', 'Name'), (field) => field.fill('Ann'));
    expect(await compare('fill', { target: name, value: 'Ann' }, fill)).toBe(1);
    const select = doing(found('combobox', 'Country'), (list) => list.selectOption({ label: 'Brazil' }));
    expect(await compare('select', { target: country, option: 'Brazil' }, select)).toBe(1);
    const check = doing(found('checkbox', 'Agree'), (box) => box.setChecked(true));
    expect(await compare('check', { target: agree }, check)).toBe(1);
    const turn = doing(found('switch', 'Dark'), (box) => box.setChecked(true));
    expect(await compare('check', { target: 'switch "Dark"' }, turn)).toBe(1);
    const read = doing(found('textbox', 'Name'), (field) => field.inputValue());
    expect(await compare('value', { target: name }, read)).toBe(0);
  });

  test('for a file field whether it is one, and then once; it is looked for before', async () => {
    await open('/');
    const give = doing(found('button', 'Paper'), (field) => field.setInputFiles(join(run.folder, 'files/a.txt')));
    const looked = 1;
    expect(await compare('upload', { target: 'button "Paper"', files: 'a.txt' }, give)).toBe(looked + 2);
  });
});

describe('what a page changes in its handlers is what a step says', () => {
  test('the title, with and without something that is expected', async () => {
    await open('/changing');
    const typed = await run.call('browser.fill', { target: 'textbox "Title"', value: 'one' });
    expect(typed).toEqual({ url: `${site.url}/changing`, title: 'now one' });
    await run.call('browser.check', { target: 'checkbox "Agree"' });
    expect(run.seen.page?.title).toBe('true');
    await run.call('browser.upload', { target: 'button "Paper"', files: 'a.txt' });
    expect(run.seen.page?.title).toBe('a.txt');
    const later = { target: 'textbox "Later"', value: 'x', expect: { visible: 'status' } };
    expect(await run.call('browser.fill', later)).toMatchObject({ title: 'later' });
  });

  test('a file field that is gone once it has its files', async () => {
    await open('/changing');
    const given = await run.call('browser.upload', { target: 'button "Once"', files: 'a.txt' });
    expect(given).toEqual({ files: [{ name: 'a.txt', bytes: 4 }] });
    expect(run.seen.page?.title).toBe('sent');
  });

  test('a list that the page sets back', async () => {
    await open('/changing');
    const chosen = await run.call('browser.select', { target: 'listbox "List"', option: ['Brazil', 'Chile'] });
    expect(chosen).toEqual({ selected: ['Austria'] });
    expect(run.seen.page?.title).toBe('chosen');
  });

  test('in a frame: what is in it, and the title of the page around it', async () => {
    await open('/framed');
    const typed = await run.call('browser.fill', { target: 'frame "In" >> textbox "Title"', value: 'one' });
    expect(typed).toMatchObject({ title: 'outside' });
    const list = 'frame "In" >> listbox "List"';
    expect(await run.call('browser.select', { target: list, option: 'Chile' })).toEqual({ selected: ['Austria'] });
    expect(run.seen.page?.title).toBe('outside');
  });

  test('a field that is drawn anew is waited for; of two it is not known which', async () => {
    await open('/changing');
    await run.call('browser.fill', { target: 'textbox "Anew"', value: 'kept' });
    expect(await run.call('browser.value', { target: 'textbox "Anew"' })).toBe('kept');
    const failure = await failing('browser.fill', { target: 'textbox "Twice"', value: 'sesame' });
    expect(failure).toMatchObject({ code: 'BROWSER_STEP_FAILED', certain: false });
    expect(failure.detail).toContain('strict mode violation');
    expect(failure.detail).not.toContain('sesame');
  });
});

describe('every kind of field', () => {
  test('below shadow roots', async () => {
    await open('/kinds');
    await run.call('browser.fill', { target: 'textbox "Deep"', value: 'down' });
    expect(await run.call('browser.value', { target: 'textbox "Deep"' })).toBe('down');
    expect(await run.call('browser.list', { target: 'list "Deep list"' })).toEqual(['a', 'b']);
  });

  test('what is edited in place, also where the page shortens it; a value that only scripts of the page know', async () => {
    await open('/kinds');
    await run.call('browser.fill', { target: 'textbox "Note"', value: 'a note' });
    expect(await failing('browser.value', { target: 'textbox "Note"' })).toMatchObject({ code: 'NOT_A_FIELD' });
    const shortened = await failing('browser.fill', { target: 'textbox "Short"', value: 'a note' });
    expect(shortened).toMatchObject({ code: 'FIELD_NOT_FILLED', certain: false });
    await run.call('browser.fill', { target: 'textbox "Own"', value: 'mine' });
    expect(await run.call('browser.value', { target: 'textbox "Own"' })).toBe('own: mine');
  });

  test('a label means its field, a link in it does not', async () => {
    await open('/kinds');
    expect(await run.call('browser.value', { target: 'css=#around' })).toBe('inside');
    expect(await failing('browser.value', { target: 'link "terms"' })).toMatchObject({ code: 'NOT_A_FIELD' });
  });

  test('a text comes as it is', async () => {
    await open('/kinds');
    expect(await run.call('browser.value', { target: 'textbox "Odd"' })).toBe('a "b" \\ \n 😀 \ud800 c');
  });

  test('without the scripts of the page having a word in it', async () => {
    await open('/forging');
    await run.call('browser.fill', { target: 'textbox "Name"', value: 'Ann' });
    expect(await run.call('browser.value', { target: 'textbox "Name"' })).toBe('Ann');
  });

  test('on a page that forbids every script, with a title', async () => {
    await open('/strict');
    expect(await run.call('browser.fill', { target: 'textbox "Name"', value: 'Ann' })).toMatchObject({
      title: 'Strict',
    });
    const country = { target: 'combobox "Country"', option: 'Brazil' };
    expect(await run.call('browser.select', country)).toEqual({ selected: ['Brazil'] });
    expect(await run.call('browser.list', { target: 'list "Two"' })).toEqual(['one', 'two']);
    expect(await run.call('browser.check', { target: 'checkbox "Agree"' })).toEqual({ checked: true });
  });
});

test('an answer that holds a secret again, long after it was typed, is not in a trace', async () => {
  await open('/shows');
  await run.call('browser.fill', { target: 'textbox "Key"', value: SECRET }, { usesSecret: true });
  await run.call('browser.fill', { target: 'textbox "Key"', value: '' });
  await run.call('browser.click', { target: 'button "Show"' });
  await run.call('browser.waitFor', { visible: 'textbox "Shown"' });
  expect(await run.call('browser.value', { target: 'textbox "Shown"' })).toBe(SECRET);
  await run.call('browser.fill', { target: 'textbox "Shown"', value: '' });
  await failing('browser.click', { target: 'button "Nowhere"' });
  const trace = run.artifacts.find(({ kind }) => kind === 'trace');
  const entries = unzipSync(await readFile(trace?.path ?? ''));
  const texts = Object.values(entries).map((bytes) => strFromU8(bytes, true));
  expect(texts.some((text) => text.includes('casareask'))).toBe(true);
  expect(texts.filter((text) => text.includes('w0rd'))).toEqual([]);
});
