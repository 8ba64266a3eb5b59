/**
 * Shows a run record to a browser on this machine: the viewer that belongs to this program, and the record's data.
 *
 * Invariants: it listens on 127.0.0.1 only and answers under that name only; who has the address once gets a cookie for it,
 * and the address is worth nothing afterwards; what comes out of the record is never a page: it is data that the viewer
 * asks for, or a download.
 */
import { RECORD_FILES } from '@casare/shared/record';
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { Fault } from '../../platform/errors.ts';
import type { RunArchive } from './archive.ts';

export interface RunView {
  /** For one browser, once. */
  readonly url: string;
  close(): Promise<void>;
}

/** Requests of one page, each of which may read and unpack a file. */
const CONNECTIONS = 32;
const DATA = new Map<string, string>([
  [`/${RECORD_FILES.run}`, 'application/json'],
  [`/${RECORD_FILES.steps}`, 'application/json'],
  [`/${RECORD_FILES.log}`, 'application/x-ndjson'],
  [`/${RECORD_FILES.events}`, 'application/x-ndjson'],
]);
const HEADERS = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
} as const;
const NOT_A_PAGE = "sandbox; default-src 'none'";

/** Serves until closed. `port` 0 takes a free one. @throws Fault PORT_IN_USE */
export async function serveRun(archive: RunArchive, viewer: string, port = 0): Promise<RunView> {
  const key = randomBytes(32).toString('base64url');
  const cookie = randomBytes(32).toString('base64url');
  let isFresh = true;
  const server = createServer({ maxHeaderSize: 8_192, requestTimeout: 30_000 }, (request, response) => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    answer(request, response).catch((error: unknown) => {
      // The reader went away, or the record broke off in the middle of a file.
      if (response.headersSent) response.destroy();
      else say(response, 500, error instanceof Error ? error.message : String(error));
    });
  });
  server.maxConnections = CONNECTIONS;
  await listen(server, port);
  const { port: at } = server.address() as AddressInfo;
  const host = `127.0.0.1:${at}`;
  // Cookies know no ports: another record on this machine has another name.
  const cookieName = `casare_run_${at}`;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.headers.host !== host) {
      say(response, 421, 'This is not the address of this page.');
      return;
    }
    if (request.method !== 'GET') {
      say(response, 405, 'Only GET.');
      return;
    }
    const url = new URL(request.url ?? '/', `http://${host}`);
    const given = url.searchParams.get('key');
    if (given !== null) {
      if (!isFresh || !same(given, key)) {
        say(response, 403, USED);
        return;
      }
      isFresh = false;
      response.setHeader('Set-Cookie', `${cookieName}=${cookie}; HttpOnly; SameSite=Strict; Path=/`);
      response.writeHead(303, { Location: '/' }).end();
      return;
    }
    if (!same(cookieOf(request, cookieName), cookie)) {
      say(response, 403, USED);
      return;
    }
    if (url.pathname === '/') {
      sendPage(response, viewer);
      return;
    }
    const type = DATA.get(url.pathname);
    if (type !== undefined) return sendFile(response, archive, url.pathname.slice(1), type);
    const index = /^\/artifacts\/(\d{1,6})$/.exec(url.pathname)?.[1];
    const artifact = index === undefined ? undefined : archive.run.artifacts[Number(index)];
    if (artifact?.file == null) {
      say(response, 404, 'The record has no such file.');
      return;
    }
    const name = encodeURIComponent(artifact.name.split('/').at(-1)!);
    response.setHeader('Content-Disposition', `attachment; filename*=UTF-8''${name}`);
    return sendFile(response, archive, artifact.file, 'application/octet-stream');
  }

  return {
    url: `http://${host}/?key=${key}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const USED =
  'This address works once, in the browser that opens it first. Go to that window, or run `casare run-view` again.';

function listen(server: ReturnType<typeof createServer>, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const fix = 'Leave --port out to take a free one';
      reject(
        new Fault({ code: 'PORT_IN_USE', what: `Port ${port} cannot be used`, why: error.code ?? error.message, fix }),
      );
    });
    server.listen(port, '127.0.0.1', resolve);
  });
}

/** The page says by its own policy what may run in it; nothing may frame it, which only a header can say. */
function sendPage(response: ServerResponse, viewer: string): void {
  const policy = /<meta http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(viewer)?.[1];
  response.setHeader('Content-Security-Policy', `${policy ?? "default-src 'none'"}; frame-ancestors 'none'`);
  response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(viewer);
}

async function sendFile(response: ServerResponse, archive: RunArchive, name: string, type: string): Promise<void> {
  const entry = await archive.open(name);
  if (entry === null) {
    say(response, 404, `The record has no ${name}.`);
    return;
  }
  response.setHeader('Content-Security-Policy', NOT_A_PAGE);
  response.writeHead(200, { 'Content-Type': type, 'Content-Length': entry.bytes });
  await pipeline(entry.stream, response);
}

function say(response: ServerResponse, status: number, text: string): void {
  response.setHeader('Content-Security-Policy', NOT_A_PAGE);
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
}

function cookieOf(request: IncomingMessage, name: string): string {
  const pairs = (request.headers.cookie ?? '').split(/;\s*/).map((pair) => pair.split('='));
  return pairs.find(([key]) => key === name)?.[1] ?? '';
}

function same(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
