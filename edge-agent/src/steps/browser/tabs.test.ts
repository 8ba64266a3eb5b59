/** History, tabs, dialogs and cookies of a session. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { failureOf, serve, shareBrowser, type SharedBrowser, type TestRun, type TestSite } from './run-for-tests.ts';

const OPENER = `<h1>Opener</h1><a href="/invoice" target="_blank">Invoice</a>
  <button onclick="window.open('/terms')">Terms</button><form method="post" action="/posted"><button>Send</button></form>
  <a href="/next">Next</a><button onclick="window.open('/slow')">Slow</button>`;
const ASKING = `<button onclick="document.title = confirm('Delete it?') ? 'deleted' : 'kept'">Delete</button>
  <button onclick="document.title = prompt('Your name?') ?? 'nobody'">Name</button>
  <label>Text <input></label><script>onbeforeunload = (event) => { event.preventDefault(); };</script>`;

/** Ends the answer of `/slow`, whose head is sent at once. */
const slow = Promise.withResolvers<() => void>();
let browser: SharedBrowser;
let site: TestSite;
let run: TestRun;

beforeAll(async () => {
  browser = await shareBrowser();
  site = await serve({
    '/': OPENER,
    '/invoice': '<script>document.title = "Invoice 7"</script><button onclick="window.close()">Done</button>',
    '/terms': '<script>document.title = "Terms"</script><h1>Terms</h1>',
    '/next': '<h1>Next</h1>',
    '/posted': '<h1>Thank you</h1>',
    '/asking': ASKING,
    '/slow': (_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).write('<title>Loading</title>');
      slow.resolve(() => response.end('<script>document.title = "Ready"</script>'));
    },
    '/cookies': (_, response) =>
      response
        .writeHead(200, { 'content-type': 'text/html', 'set-cookie': ['lang=de; Max-Age=3600', 'sid=4711; HttpOnly'] })
        .end('<p id="seen"></p><script>document.querySelector("p").textContent = document.cookie</script>'),
  });
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
const failing = (name: string, args: unknown) => failureOf(run.call(name, args, { timeoutMs: 1_500 }));

describe('history', () => {
  test('back, forward and reload; their ends are said', async () => {
    await open('/');
    await run.call('browser.click', { target: 'link "Next"', expect: { visible: 'heading "Next"' } });
    expect(await run.call('browser.back', { expect: { visible: 'heading "Opener"' } })).toMatchObject({
      url: `${site.url}/`,
    });
    expect(await run.call('browser.forward', {})).toMatchObject({ url: `${site.url}/next` });
    expect(await run.call('browser.reload', {})).toMatchObject({ url: `${site.url}/next` });
    expect(await failing('browser.forward', {})).toMatchObject({ code: 'HISTORY_END', certain: true });
  });

  test('a page that answers a form is not loaded again', async () => {
    await open('/');
    await run.call('browser.click', { target: 'button "Send"', expect: { visible: 'heading "Thank you"' } });
    expect(await failing('browser.reload', {})).toMatchObject({ code: 'RELOAD_SENDS_FORM', certain: true });
    await run.call('browser.goto', { url: `${site.url}/next` });
    await run.call('browser.reload', { expect: { visible: 'heading "Next"' } });
  });
});

describe('tabs', () => {
  test('steps stay in their tab until one goes to the tab that was opened; closing leads back', async () => {
    await open('/');
    await run.call('browser.click', { target: 'link "Invoice"' });
    expect(await run.call('browser.exists', { target: 'heading "Opener"' })).toBe(true);
    expect(await run.call('browser.tab.waitFor', { expect: { visible: 'button "Done"' } })).toMatchObject({
      title: 'Invoice 7',
    });
    expect(run.seen.page).toEqual({ url: `${site.url}/invoice`, title: 'Invoice 7' });
    expect(await run.call('browser.tab.close', {})).toMatchObject({ url: `${site.url}/` });
    expect(await run.call('browser.text', { target: 'heading' })).toBe('Opener');
    expect(await failing('browser.tab.close', {})).toMatchObject({ code: 'LAST_TAB', certain: true });
  });

  test('tabs are listed and gone to by number, address and title; several that fit, and none, are said', async () => {
    await open('/');
    await run.call('browser.click', { target: 'link "Invoice"' });
    // A tab is there once it has its first document: the next is opened only then, so that their order is known.
    await run.call('browser.tab.switch', { title: 'Invoice*' });
    await run.call('browser.tab.switch', { index: 1 });
    await run.call('browser.click', { target: 'button "Terms"' });
    await run.call('browser.tab.switch', { title: 'Ter*' });
    expect(await run.call('browser.tab.list', {})).toEqual([
      { index: 1, url: `${site.url}/`, title: 'Test', current: false },
      { index: 2, url: `${site.url}/invoice`, title: 'Invoice 7', current: false },
      { index: 3, url: `${site.url}/terms`, title: 'Terms', current: true },
    ]);
    expect(await run.call('browser.tab.switch', { url: '*/invoice' })).toMatchObject({ title: 'Invoice 7' });
    expect(await run.call('browser.tab.switch', { index: 1 })).toMatchObject({ url: `${site.url}/` });
    expect(await failing('browser.tab.switch', { url: '*' })).toMatchObject({ code: 'TAB_AMBIGUOUS' });
    const none = await failing('browser.tab.switch', { title: 'Nothing' });
    expect(none).toMatchObject({ code: 'TAB_NOT_FOUND', certain: true });
    expect(none.detail).toContain(`2: ${site.url}/invoice`);
  });

  test('a tab that is still loading is listed once its document has been read', async () => {
    await open('/');
    await run.call('browser.click', { target: 'button "Slow"' });
    const finish = await slow.promise;
    const listed = run.call('browser.tab.list', {});
    // Long enough for a title to be read that is not waited for.
    await run.call('browser.text', { target: 'button "Slow"' });
    finish();
    expect(await listed).toMatchObject([{ title: 'Test' }, { url: `${site.url}/slow`, title: 'Ready' }]);
  });

  test('a tab that closes itself leads back; waiting for one that never comes ends in time', async () => {
    await open('/');
    await run.call('browser.click', { target: 'link "Invoice"' });
    await run.call('browser.tab.waitFor', {});
    await run.call('browser.click', { target: 'button "Done"', expect: { visible: 'heading "Opener"' } });
    await run.call('browser.click', { target: 'link "Invoice"' });
    await run.call('browser.tab.waitFor', {});
    await run.call('browser.press', { target: 'button "Done"', key: 'Enter', expect: { visible: 'heading "Opener"' } });
    expect(await failing('browser.tab.waitFor', {})).toMatchObject({ code: 'TAB_NOT_OPENED', certain: true });
  });
});

describe('dialogs', () => {
  test('the next one is answered as said, all others are dismissed, and the list says what they asked', async () => {
    await open('/asking');
    const title = async (button: string) =>
      ((await run.call('browser.click', { target: `button "${button}"` })) as { title: string }).title;
    expect(await title('Delete')).toBe('kept');
    await run.call('browser.dialog.answer', { accept: true });
    expect(await title('Delete')).toBe('deleted');
    expect(await title('Delete')).toBe('kept');
    await run.call('browser.dialog.answer', { accept: true, text: 'Ada' });
    expect(await title('Name')).toBe('Ada');
    expect(await run.call('browser.dialog.list', {})).toEqual([
      { kind: 'confirm', message: 'Delete it?', accepted: false },
      { kind: 'confirm', message: 'Delete it?', accepted: true },
      { kind: 'confirm', message: 'Delete it?', accepted: false },
      { kind: 'prompt', message: 'Your name?', accepted: true },
    ]);
  });

  test('a page that asks whether to be left is left, and the answer of the next dialog is kept', async () => {
    await open('/asking');
    await run.call('browser.fill', { target: 'textbox "Text"', value: 'typed' });
    await run.call('browser.dialog.answer', { accept: true });
    expect(await run.call('browser.goto', { url: `${site.url}/asking` })).toMatchObject({ title: 'Test' });
    expect(await run.call('browser.dialog.list', {})).toEqual([{ kind: 'beforeunload', message: '', accepted: true }]);
    await run.call('browser.click', { target: 'button "Delete"' });
    expect(run.seen.page?.title).toBe('deleted');
  });
});

describe('cookies', () => {
  test('are listed without the values that pages cannot read, set, and cleared', async () => {
    await open('/cookies');
    const get = (args: object): Promise<unknown> => run.call('browser.cookies.get', args);
    expect(await get({ name: 'sid' })).toEqual([
      { name: 'sid', value: null, domain: '127.0.0.1', path: '/', expires: null },
    ]);
    expect(await get({ url: site.url, name: 'lang' })).toMatchObject([
      { value: 'de', expires: expect.any(String) as string },
    ]);
    await run.call('browser.cookies.set', { url: `${site.url}/`, name: 'theme', value: 'dark', sameSite: 'Lax' });
    await run.call('browser.reload', {});
    expect(await run.call('browser.text', { target: 'css=#seen' })).toBe('lang=de; theme=dark');
    await run.call('browser.cookies.clear', { name: 'lang' });
    expect(await get({ name: 'lang' })).toEqual([]);
    await run.call('browser.cookies.clear', {});
    expect(await get({})).toEqual([]);
  });
});
