import { afterAll, beforeAll, expect, test } from 'vitest';
import { TEST_BROWSER } from '../browser/browser-for-tests.ts';
import { serve, shareBrowser, type SharedBrowser, type TestSite } from '../steps/browser/run-for-tests.ts';
import { main } from './program.ts';

const ROWS = ['A-1', 'B-2'].map(
  (name) => `<tr aria-label="${name}"><td>${name}</td><td><a href="/${name}">PDF</a></td></tr>`,
);
const PAGE = `<h1>Orders</h1><button>Delete</button><button>Delete</button><input aria-label="Quote &quot;this&quot;">
  <table aria-label="Orders">${ROWS.join('')}</table><table><tr><td>x</td></tr></table>
  <iframe title="Payment" src="/payment"></iframe><iframe src="/nameless"></iframe>
  <script>setTimeout(() => document.body.append(Object.assign(document.createElement('button'), { textContent: 'Late' })), 100)</script>`;

let site: TestSite;
let browser: SharedBrowser;
beforeAll(async () => {
  browser = await shareBrowser();
  site = await serve({ '/': PAGE, '/payment': '<label>Card <input></label>', '/nameless': '<button>Help</button>' });
});
afterAll(async () => {
  await browser.close();
  await site.close();
});

async function inspect(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const code = await main(['inspect', '--home', TEST_BROWSER.home, ...args], {
    environment: process.env,
    print: (text) => (out += text),
    complain: (text) => (err += text),
    input: async () => '',
    stopped: () => new Promise(() => undefined),
    terminal: { live: false, colour: false },
  });
  return { code, out, err };
}

test('prints the page with selectors, each of which names one element, in frames too', async () => {
  const { code, out } = await inspect('--url', `${site.url}/`, '--output', 'json');
  expect(code).toBe(0);
  const page = JSON.parse(out) as { url: string; title: string; elements: { depth: number; selector: string }[] };
  expect(page).toMatchObject({ url: `${site.url}/`, title: 'Test' });
  const selectors = page.elements.map(({ selector }) => selector);
  expect(selectors).toEqual(
    expect.arrayContaining([
      'heading "Orders"',
      'button "Delete" :nth(2)',
      'row "B-2" >> link "PDF"',
      'textbox "Quote \\"this\\""',
      'frame "Payment" >> textbox "Card"',
      'frame [url="' + site.url + '/nameless*"] >> button "Help"',
      'button "Late"',
    ]),
  );
  const run = await browser.newRun();
  await run.call('browser.open', { url: `${site.url}/`, expect: { visible: 'button "Late"' } });
  for (const target of selectors) expect([target, await run.call('browser.count', { target })]).toEqual([target, 1]);
  await run.end();
  const text = await inspect('--url', `${site.url}/`);
  expect(text.out).toMatch(/^http:\S+ {2}Test\nheading "Orders"\n/);
});

test('an address that is none, and one where nothing answers, are said in one line', async () => {
  expect(await inspect('--url', 'file:///etc/passwd')).toMatchObject({
    code: 2,
    out: '',
    err: expect.stringMatching(/^USAGE: .*\n$/) as string,
  });
  const gone = await inspect('--url', 'http://127.0.0.1:9/');
  expect(gone).toMatchObject({ code: 1, out: '' });
  expect(gone.err).toMatch(/^PAGE_NOT_OPENED: http:\/\/127\.0\.0\.1:9\/: .*\n$/);
});
