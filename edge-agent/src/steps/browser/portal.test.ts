/** The browser steps against the example portal: what the quick start's workflow does. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  failureOf,
  serve,
  shareBrowser,
  startPortal,
  type SharedBrowser,
  type TestRun,
  type TestSite,
} from './run-for-tests.ts';

const PASSWORD = 'correct horse';
let browser: SharedBrowser;
let portal: TestSite;
let run: TestRun;

beforeAll(async () => {
  [browser, portal] = await Promise.all([shareBrowser(), startPortal()]);
});
afterAll(async () => {
  await browser.close();
  await portal.close();
});
beforeEach(async () => {
  run = await browser.newRun();
});
afterEach(() => run.end());

async function signIn(password = PASSWORD, timeoutMs = 20_000): Promise<unknown> {
  await run.call('browser.open', { url: `${portal.url}/` });
  await run.call('browser.fill', { target: 'textbox "E-mail"', value: 'buyer@example.com' }, { usesSecret: true });
  await run.call('browser.fill', { target: 'textbox "Password"', value: password }, { usesSecret: true });
  const expected = { visible: 'heading "Invoices"' };
  return run.call('browser.click', { target: 'button "Sign in"', expect: expected }, { timeoutMs });
}

async function listInvoices(filter?: Record<string, string>): Promise<Record<string, string>[]> {
  const args = { target: 'table "Invoices"', ...(filter && { filter }) };
  return (await run.call('browser.table', args)) as Record<string, string>[];
}

/** The PDF as the portal serves it, without a browser. */
async function servedPdf(number: string): Promise<Buffer> {
  const form = new URLSearchParams({ email: 'buyer@example.com', password: PASSWORD });
  const signedIn = await fetch(`${portal.url}/sign-in`, { method: 'POST', body: form, redirect: 'manual' });
  const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? '';
  const answer = await fetch(`${portal.url}/invoices/${number}.pdf`, { headers: { cookie } });
  expect(answer.status).toBe(200);
  return Buffer.from(await answer.arrayBuffer());
}

describe('the supplier portal', () => {
  test('signs in and reads the invoices of one month', async () => {
    expect(await signIn()).toMatchObject({
      url: `${portal.url}/invoices`,
      title: expect.stringContaining('Invoices') as string,
    });
    const all = await listInvoices();
    const month = all[0]?.['Month'] ?? '';
    const some = await listInvoices({ Month: month });
    expect(some.length).toBeGreaterThan(0);
    expect(some).toEqual(all.filter((invoice) => invoice['Month'] === month));
    expect(Object.keys(all[0] ?? {})).toEqual(['Number', 'Month', 'Date', 'Amount', 'Status', 'Document']);
  });

  test('downloads a PDF byte for byte, and once more under the same name', async () => {
    await signIn();
    const [invoice] = await listInvoices();
    const number = invoice?.['Number'] ?? '';
    const args = { target: `row ${JSON.stringify(number)} >> link "PDF"`, saveAs: `2025/${number}.pdf` };
    const first = await run.call('browser.download', args);
    const second = await run.call('browser.download', args);
    const served = await servedPdf(number);
    const sha256 = createHash('sha256').update(served).digest('hex');
    const stored = { path: args.saveAs, bytes: served.length, sha256, mediaType: 'application/pdf' };
    expect(first).toEqual(stored);
    expect(second).toEqual(stored);
    expect(await readFile(join(run.folder, 'files', args.saveAs))).toEqual(served);
    expect(run.artifacts).toContainEqual({
      path: join(run.folder, 'files', args.saveAs),
      name: args.saveAs,
      kind: 'output',
      mediaType: 'application/pdf',
    });
  });

  test('reports a refused download with the answer’s status, stores nothing, and leaves the page where it was', async () => {
    await signIn();
    const invoices = await listInvoices();
    const refused: string[] = [];
    for (const { Number: number = '' } of invoices) {
      const target = `row ${JSON.stringify(number)} >> link "PDF"`;
      await run.call('browser.download', { target, saveAs: `${number}.pdf` }).catch((failure: unknown) => {
        expect(failure).toMatchObject({ code: 'DOWNLOAD_REFUSED', status: 408, type: 'communication' });
        refused.push(`${number}.pdf`);
      });
    }
    expect(refused).toHaveLength(1);
    const outputs = run.artifacts.filter((artifact) => artifact.kind === 'output').map((artifact) => artifact.name);
    expect(outputs).toHaveLength(invoices.length - 1);
    expect(outputs).not.toContain(refused[0]);
    expect(await run.call('browser.count', { target: 'heading "Invoices"' })).toBe(1);
  });

  test('a wrong password fails with what the page says, in doubt, without showing the password', async () => {
    const failure = await failureOf(signIn('wrong-battery-staple', 2_000));
    expect(failure).toMatchObject({ code: 'EXPECTATION_NOT_MET', status: 408, certain: false });
    expect(failure.detail).toContain('The e-mail address or the password is wrong.');
    expect(JSON.stringify(failure)).not.toContain('wrong-battery-staple');
  });

  test('a portal that is down is said to be down, and nothing was done', async () => {
    const gone = await serve({});
    await gone.close();
    await expect(run.call('browser.open', { url: `${gone.url}/` })).rejects.toMatchObject({
      code: 'URL_UNREACHABLE',
      type: 'communication',
      certain: true,
      detail: expect.stringMatching(/connection refused.*is the site running/) as string,
    });
  });
});
