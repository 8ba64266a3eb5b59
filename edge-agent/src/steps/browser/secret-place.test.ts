/** A secret that is bound to an origin reaches fields of that origin alone, also where a page moves on or frames another. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { mayGoTo } from '@casare/shared/protocol';
import { StepFailure } from '../../engine/index.ts';
import { failureOf, serve, shareBrowser, type SharedBrowser, type TestRun, type TestSite } from './run-for-tests.ts';

const SECRET = 'bound-to-home-4711';
const FIELD = '<label>Key <input name="key"></label><p></p>';

let browser: SharedBrowser;
/** What the secret is for. */
let home: TestSite;
let away: TestSite;
let run: TestRun;
let heard = '';

beforeAll(async () => {
  browser = await shareBrowser();
  away = await serve({
    '/': `${FIELD}<script>document.querySelector('input').oninput = (e) => fetch('/got?' + e.target.value)</script>`,
    '/got': (request, response) => {
      heard += request.url ?? '';
      response.end();
    },
  });
  home = await serve({
    '/': FIELD,
    '/frames': `<iframe title="away" src="${away.url}/"></iframe><iframe title="own" src="/"></iframe>`,
    '/made': `<iframe title="made" srcdoc='${FIELD}'></iframe>`,
    // Leaves as soon as somebody looks at the field for long enough to focus it.
    '/leaving': `${FIELD}<script>document.querySelector('input').onfocus = () => { location.href = '${away.url}/'; }</script>`,
  });
});
afterAll(async () => {
  await browser.close();
  await home.close();
  await away.close();
});
beforeEach(async () => {
  run = await browser.newRun();
});
afterEach(() => run.end());

const bound = () => ({
  usesSecret: true,
  checkSecretAddress: (address: string) => {
    if (mayGoTo({ origins: [home.url] }, address)) return;
    throw new StepFailure({
      type: 'authorization',
      code: 'SECRET_ORIGIN_REFUSED',
      title: 'no',
      detail: 'no',
      certain: true,
    });
  },
});
const put = (step: 'fill' | 'type', target: string) =>
  run.call(`browser.${step}`, { target, ...(step === 'fill' ? { value: SECRET } : { text: SECRET }) }, bound());
const value = (target: string) => run.call('browser.value', { target });

test.each(['fill', 'type'] as const)(
  'browser.%s puts it into a page of its origin, and into no other page',
  async (step) => {
    await run.call('browser.open', { url: `${home.url}/` });
    await put(step, 'textbox "Key"');
    expect(await value('textbox "Key"')).toBe(SECRET);

    await run.call('browser.goto', { url: `${away.url}/` });
    expect(await failureOf(put(step, 'textbox "Key"'))).toMatchObject({ code: 'SECRET_ORIGIN_REFUSED', certain: true });
    expect(await value('textbox "Key"')).toBe('');
  },
);

test.each(['fill', 'type'] as const)('browser.%s puts it into no frame of another origin', async (step) => {
  await run.call('browser.open', { url: `${home.url}/frames` });
  const foreign = 'frame "away" >> textbox "Key"';
  expect(await failureOf(put(step, foreign))).toMatchObject({ code: 'SECRET_ORIGIN_REFUSED', certain: true });
  expect(await value(foreign)).toBe('');
  await put(step, 'frame "own" >> textbox "Key"');
  expect(await value('frame "own" >> textbox "Key"')).toBe(SECRET);
});

test('a frame that a document makes has no origin of its own', async () => {
  await run.call('browser.open', { url: `${home.url}/made` });
  expect(await failureOf(put('fill', 'frame "made" >> textbox "Key"'))).toMatchObject({
    code: 'SECRET_ORIGIN_REFUSED',
  });
});

test('it goes into no address and no cookie of another origin', async () => {
  const to = (site: TestSite) => `${site.url}/?key=${SECRET}`;
  expect(await failureOf(run.call('browser.open', { url: to(away) }, bound()))).toMatchObject({
    code: 'SECRET_ORIGIN_REFUSED',
  });
  await run.call('browser.open', { url: to(home) }, bound());
  expect(await failureOf(run.call('browser.goto', { url: to(away) }, bound()))).toMatchObject({
    code: 'SECRET_ORIGIN_REFUSED',
  });
  const cookie = (site: TestSite) =>
    run.call('browser.cookies.set', { url: site.url, name: 'k', value: SECRET }, bound());
  expect(await failureOf(cookie(away))).toMatchObject({ code: 'SECRET_ORIGIN_REFUSED' });
  await cookie(home);
});

test('a page that leaves while it is filled takes nothing along', async () => {
  await run.call('browser.open', { url: `${home.url}/leaving` });
  await put('fill', 'textbox "Key"').catch(() => undefined);
  await run.call('browser.waitForUrl', { url: `${away.url}/` });
  expect(await value('textbox "Key"')).toBe('');
  expect(heard).toBe('');
});
