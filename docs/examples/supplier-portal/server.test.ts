import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { html } from './html.ts';
import { invoicePdf } from './invoice-pdf.ts';
import { FLAKY_INVOICE, formatCents, INVOICES, invoicesOf, MONTHS } from './invoices.ts';
import { DEFAULT_PASSWORD, PORTAL_USER, ROWS_PER_PAGE } from './portal.ts';
import { startPortal } from './server.ts';
import type { PortalOptions, RunningPortal } from './server.ts';

const SERVER = fileURLToPath(new URL('server.ts', import.meta.url));

let portal: RunningPortal | undefined;
afterEach(() => portal?.close());

async function start(options: PortalOptions = {}): Promise<string> {
  portal = await startPortal(options);
  return portal.url;
}

/** Signs in and returns a `get` that carries the session. */
async function signIn(url: string, password = DEFAULT_PASSWORD): Promise<(target: string) => Promise<Response>> {
  const body = new URLSearchParams({ email: PORTAL_USER, password });
  const response = await fetch(`${url}sign-in`, { method: 'POST', body, redirect: 'manual' });
  expect(response.status).toBe(303);
  const cookie = response.headers.get('set-cookie')?.split(';')[0] ?? '';
  return (target) => fetch(new URL(target, url), { headers: { cookie }, redirect: 'manual' });
}

function rowNames(page: string): string[] {
  return [...page.matchAll(/<tr aria-label="([^"]*)"/g)].map((match) => match[1] ?? '');
}

describe('the invoices', () => {
  it('cover 24 months, six invoices in 2026-10, with unique numbers, newest first', () => {
    expect(MONTHS).toHaveLength(24);
    expect(invoicesOf('2026-10')).toHaveLength(6);
    expect(invoicesOf('2026-10').map((invoice) => invoice.number)).toContain(FLAKY_INVOICE);
    expect(new Set(INVOICES.map((invoice) => invoice.number)).size).toBe(INVOICES.length);
    const dates = INVOICES.map((invoice) => invoice.date);
    expect(dates).toEqual([...dates].sort().reverse());
  });

  it('add up to the cent', () => {
    for (const invoice of INVOICES) {
      const net = invoice.lines.reduce((sum, line) => sum + line.quantity * line.unitCents, 0);
      expect(invoice.totalCents).toBe(net + invoice.vatCents);
      expect(invoice.amount).toBe(`${formatCents(invoice.totalCents)} EUR`);
    }
  });

  it.each([
    [0, '0.00'],
    [5, '0.05'],
    [99_999, '999.99'],
    [123_456, '1,234.56'],
    [123_456_789, '1,234,567.89'],
  ])('prints %i cents as %s', (cents, text) => {
    expect(formatCents(cents)).toBe(text);
  });
});

describe('a PDF', () => {
  it('is the same bytes each time, with a cross-reference table that points at its objects', () => {
    for (const invoice of INVOICES) {
      const text = invoicePdf(invoice).toString('latin1');
      expect(invoicePdf(invoice).toString('latin1')).toBe(text);
      expect(text).toContain(`(${invoice.amount}) Tj`);
      const table = Number(/startxref\n(\d+)\n%%EOF\n$/.exec(text)?.[1]);
      expect(text.slice(table, table + 4)).toBe('xref');
      const offsets = [...text.slice(table).matchAll(/^(\d{10}) 00000 n $/gm)].map((match) => Number(match[1]));
      expect(offsets).toHaveLength(7);
      offsets.forEach((offset, index) => expect(text.startsWith(`${index + 1} 0 obj\n`, offset)).toBe(true));
      const [, length, stream] = /\/Length (\d+) >>\nstream\n([^]*)\nendstream/.exec(text) ?? [];
      expect(stream).toHaveLength(Number(length));
    }
  });
});

describe('the portal', () => {
  it('refuses a wrong password and a wrong user with an alert, and sets no cookie', async () => {
    const url = await start({ password: 'secret' });
    for (const [email, password] of [
      [PORTAL_USER, 'wrong'],
      ['other@example.com', 'secret'],
      [PORTAL_USER, ''],
    ]) {
      const body = new URLSearchParams({ email: email ?? '', password: password ?? '' });
      const response = await fetch(`${url}sign-in`, { method: 'POST', body, redirect: 'manual' });
      expect(response.status).toBe(403);
      expect(response.headers.get('set-cookie')).toBeNull();
      expect(await response.text()).toContain('role="alert"');
    }
  });

  it('shows nothing without a session, with an unknown one, or after signing out', async () => {
    const url = await start({ flaky: false });
    const get = await signIn(url);
    const pdf = `/invoices/${FLAKY_INVOICE}.pdf`;
    const cookie = 'portal_session=0123456789abcdef';
    for (const headers of [{}, { cookie }]) {
      const response = await fetch(new URL(pdf, url), { headers, redirect: 'manual' });
      expect([response.status, response.headers.get('location')]).toEqual([303, '/']);
    }
    expect((await get(pdf)).status).toBe(200);
    const own = { cookie: await sessionCookie(url) };
    await fetch(`${url}sign-out`, { method: 'POST', headers: own, redirect: 'manual' });
    expect((await fetch(`${url}invoices`, { headers: own, redirect: 'manual' })).status).toBe(303);
  });

  it('lists every invoice once over its pages, the asked-for month on the first', async () => {
    const get = await signIn(await start());
    const first = await (await get('/invoices')).text();
    expect(rowNames(first)).toHaveLength(ROWS_PER_PAGE);
    expect(rowNames(first)).toEqual(expect.arrayContaining(invoicesOf('2026-10').map((invoice) => invoice.number)));
    expect(first).toContain('>Next</a>');
    expect(first).not.toContain('>Previous</a>');
    const all: string[] = [];
    for (let page = 1; page <= Math.ceil(INVOICES.length / ROWS_PER_PAGE); page += 1) {
      all.push(...rowNames(await (await get(`/invoices?page=${page}`)).text()));
    }
    expect(all).toEqual(INVOICES.map((invoice) => invoice.number));
  });

  it('limits the list to a month and knows no other months, pages or invoices', async () => {
    const get = await signIn(await start());
    const month = await (await get('/invoices?month=2025-03')).text();
    expect(rowNames(month)).toEqual(invoicesOf('2025-03').map((invoice) => invoice.number));
    for (const target of [
      '/invoices?month=2019-01',
      '/invoices?page=0',
      '/invoices?page=99',
      '/invoices?page=x',
      '/invoices/INV-2026-9999.pdf',
      '/invoices/..%2fstyle.css',
      '/nowhere',
    ]) {
      expect((await get(target)).status, target).toBe(404);
    }
  });

  it('serves the exact bytes of every PDF of the month, as downloads', async () => {
    const get = await signIn(await start({ flaky: false }));
    for (const invoice of invoicesOf('2026-10')) {
      const response = await get(`/invoices/${invoice.number}.pdf`);
      expect(response.headers.get('content-type')).toBe('application/pdf');
      expect(response.headers.get('content-disposition')).toBe(`attachment; filename="${invoice.number}.pdf"`);
      expect(Buffer.from(await response.arrayBuffer()).equals(invoicePdf(invoice))).toBe(true);
    }
  });

  it('fails the flaky PDF for the first session that asks, however often, and for no other', async () => {
    const url = await start();
    const pdf = `/invoices/${FLAKY_INVOICE}.pdf`;
    const first = await signIn(url);
    expect((await first(pdf)).status).toBe(408);
    expect((await first(pdf)).status).toBe(408);
    const second = await signIn(url);
    expect((await second(pdf)).status).toBe(200);
    expect((await second(pdf)).status).toBe(200);
    const seen = portal?.requests.filter((request) => request.invoice === FLAKY_INVOICE) ?? [];
    expect(seen.map((request) => request.status)).toEqual([408, 408, 200, 200]);
  });

  it('refuses a request body over its limit, and goes on serving', async () => {
    const url = await start();
    const response = await fetch(`${url}sign-in`, { method: 'POST', body: 'x'.repeat(10_000) });
    expect(response.status).toBe(413);
    expect((await fetch(url)).status).toBe(200);
  });

  it('sends a policy that allows no script and nothing from elsewhere', async () => {
    const response = await fetch(await start());
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await response.text()).not.toMatch(/<script|https?:\/\//);
  });

  it('escapes text put into its pages', () => {
    expect(html`<p title="${`"'`}">${'<b>&'}${html`<i></i>`}</p>`.markup).toBe(
      '<p title="&quot;&#39;">&lt;b&gt;&amp;<i></i></p>',
    );
  });
});

describe('as a program', () => {
  it('prints its address, logs requests, and stops on SIGTERM with exit code 0', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'portal-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const log = path.join(folder, 'requests.jsonl');
    const { child, url } = await run(['--log', log]);
    expect((await fetch(url)).status).toBe(200);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(JSON.parse(readFileSync(log, 'utf8'))).toMatchObject({ kind: 'page', path: '/', status: 200 });
  });

  it('stops with its standard input when asked to', async () => {
    const { child } = await run(['--stop-with-stdin']);
    child.stdin.end();
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('names a port in use in one line and exits 1, and exits 2 on a wrong option', async () => {
    const url = await start();
    const taken = spawn(process.execPath, [SERVER, '--port', new URL(url).port]);
    const [lines, exit] = await Promise.all([once(createInterface(taken.stderr), 'line'), once(taken, 'exit')]);
    expect(lines[0]).toMatch(/^PORTAL_START_FAILED: .*EADDRINUSE/);
    expect(exit).toEqual([1, null]);
    const wrong = spawn(process.execPath, [SERVER, '--port', '70000'], { stdio: 'ignore' });
    expect(await once(wrong, 'exit')).toEqual([2, null]);
  });
});

async function run(args: string[]) {
  const child = spawn(process.execPath, [SERVER, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { child, url: (JSON.parse(line) as { url: string }).url };
}

async function sessionCookie(url: string): Promise<string> {
  const body = new URLSearchParams({ email: PORTAL_USER, password: DEFAULT_PASSWORD });
  const response = await fetch(`${url}sign-in`, { method: 'POST', body, redirect: 'manual' });
  return response.headers.get('set-cookie')?.split(';')[0] ?? '';
}
