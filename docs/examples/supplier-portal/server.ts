/**
 * The supplier portal: a small, realistic web site with invoices to download, the target of the quick start's workflow.
 * `node docs/examples/supplier-portal/server.ts --port 0` serves it on loopback and prints `{"url": "http://…/"}`.
 * It runs by Node's own type stripping: nothing but `node:` modules and erasable TypeScript.
 * Bounds: request bodies 4 KiB, log kept in memory 10,000 entries (the oldest are dropped).
 */
import { appendFileSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { parseArgs } from 'node:util';
import { Html } from './html.ts';
import { createPortal, DEFAULT_PASSWORD } from './portal.ts';
import type { PortalReply } from './portal.ts';

export interface PortalOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** 0 (the default) takes a free port. */
  readonly port?: number;
  /** The password of `buyer@example.com`; default `correct horse`. */
  readonly password?: string;
  /** Whether one PDF fails for the first session that asks for it (see `portal.ts`); default true. */
  readonly flaky?: boolean;
  /** Told of each request as it is answered. */
  readonly onRequest?: (request: PortalRequest) => void;
  /** Awaited before a PDF is sent: a portal that is slow, as slow as a test wants it. */
  readonly beforeDownload?: () => Promise<void>;
}

/** One answered request. */
export interface PortalRequest {
  /** ISO 8601 */
  readonly at: string;
  readonly kind: PortalReply['kind'] | 'refused';
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** The invoice whose PDF was asked for. */
  readonly invoice?: string;
}

export interface RunningPortal {
  /** Ends in a slash. */
  readonly url: string;
  /** What was asked so far, oldest first; `style.css` is left out. */
  readonly requests: readonly PortalRequest[];
  /** Closes the listener and every connection. */
  close(): Promise<void>;
}

const BODY_LIMIT = 4_096;
const LOG_LIMIT = 10_000;
const COOKIE = 'portal_session';
const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'cache-control': 'no-store',
};

/** Starts the portal. Rejects with Node's listen error (`EADDRINUSE`, `EACCES`) if the address cannot be had. */
export async function startPortal(options: PortalOptions = {}): Promise<RunningPortal> {
  const host = options.host ?? '127.0.0.1';
  const portal = createPortal({ password: options.password ?? DEFAULT_PASSWORD, flaky: options.flaky ?? true });
  const style = readFileSync(new URL('style.css', import.meta.url));
  const requests: PortalRequest[] = [];

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://portal.invalid');
    if (pathname === '/style.css') {
      send(response, 200, { 'content-type': 'text/css' }, style);
      return;
    }
    const method = request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET');
    const form = await readForm(request);
    const reply =
      form === undefined
        ? undefined
        : portal({ method, path: pathname, query: searchParams, session: sessionOf(request), form });
    if (reply?.kind === 'download') await options.beforeDownload?.();
    note(method, pathname, reply);
    if (reply === undefined) {
      send(response, 413, { connection: 'close' }, Buffer.from('Too much to read.\n'));
      return;
    }
    sendReply(response, reply);
  }

  function note(method: string, path: string, reply: PortalReply | undefined): void {
    const seen = { at: new Date().toISOString(), kind: reply?.kind ?? ('refused' as const), method, path };
    const entry: PortalRequest = { ...seen, status: reply?.status ?? 413 };
    requests.push(reply?.invoice === undefined ? entry : { ...entry, invoice: reply.invoice });
    if (requests.length > LOG_LIMIT) requests.shift();
    options.onRequest?.(requests.at(-1) ?? entry);
  }

  const server = createServer((request, response) => {
    // Only a broken connection or a target that is no URL ends here; the portal itself answers everything.
    handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, host, resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://${host.includes(':') ? `[${host}]` : host}:${port}/`, requests, close };
}

/** The form of a POST (empty for anything else); undefined if it is longer than the limit. */
async function readForm(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  // Leaving the loop must not destroy the request: its socket still has to carry the 413.
  const body = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > BODY_LIMIT) return undefined;
    chunks.push(chunk);
  }
  return new URLSearchParams(request.method === 'POST' ? Buffer.concat(chunks).toString('utf8') : '');
}

function sessionOf(request: IncomingMessage): string | undefined {
  const cookies = (request.headers.cookie ?? '').split(';').map((cookie) => cookie.trim());
  return cookies.find((cookie) => cookie.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1);
}

function sendReply(response: ServerResponse, reply: PortalReply): void {
  const page = reply.body instanceof Html;
  const headers: OutgoingHttpHeaders = { 'content-type': page ? 'text/html; charset=utf-8' : 'application/pdf' };
  if (reply.setSession !== undefined) {
    const expiry = reply.setSession === '' ? '; Max-Age=0' : '';
    headers['set-cookie'] = `${COOKIE}=${reply.setSession}; Path=/; HttpOnly; SameSite=Lax${expiry}`;
  }
  const body = reply.body instanceof Html ? Buffer.from(reply.body.markup) : reply.body;
  send(response, reply.status, { ...headers, ...reply.headers }, body);
}

/** Node leaves the body out by itself when the request was HEAD. */
function send(response: ServerResponse, status: number, headers: OutgoingHttpHeaders, body: Buffer): void {
  response.writeHead(status, { ...SECURITY_HEADERS, 'content-length': body.length, ...headers });
  response.end(body);
}

const USAGE =
  'usage: node server.ts [--port N] [--host ADDRESS] [--log FILE] [--no-flaky] [--stop-with-stdin]\n' +
  'the password comes from SUPPLIER_PORTAL_PASSWORD';

/** Ends with an exit code: 0 stopped, 1 cannot listen or cannot write the log, 2 wrong usage. */
async function main(): Promise<void> {
  const options = readOptions();
  if (options === undefined) {
    fail(2, USAGE);
    return;
  }
  const { port, host, log } = options;
  let portal: RunningPortal;
  try {
    if (log !== undefined) appendFileSync(log, '');
    const password = process.env['SUPPLIER_PORTAL_PASSWORD'] || DEFAULT_PASSWORD;
    const onRequest = (request: PortalRequest): void => {
      if (log !== undefined) appendFileSync(log, `${JSON.stringify(request)}\n`);
    };
    portal = await startPortal({ host, port, password, flaky: options.flaky, onRequest });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    fail(1, `PORTAL_START_FAILED: ${reason}; choose another --port or --log file`);
    return;
  }
  const stop = (): void => void portal.close().then(() => process.exit(0));
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  if (options.stopWithStdin) process.stdin.once('close', stop).once('error', stop).resume();
  process.stdout.write(`${JSON.stringify({ url: portal.url })}\n`);
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: 'string', default: '0' },
        host: { type: 'string', default: '127.0.0.1' },
        log: { type: 'string' },
        'no-flaky': { type: 'boolean', default: false },
        'stop-with-stdin': { type: 'boolean', default: false },
      },
    });
    const port = /^\d{1,5}$/.test(values.port) ? Number(values.port) : Number.NaN;
    if (!(port <= 65_535)) return undefined;
    const { host, log } = values;
    return { port, host, log, flaky: !values['no-flaky'], stopWithStdin: values['stop-with-stdin'] };
  } catch {
    return undefined;
  }
}

function fail(code: number, message: string): void {
  process.stderr.write(`${message}\n`);
  process.exitCode = code;
}

if (import.meta.main) await main();
