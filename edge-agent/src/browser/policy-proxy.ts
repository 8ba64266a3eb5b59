/**
 * The browser's only way out where the agent's policy restricts addresses: a proxy inside this process, on loopback, that
 * asks the policy about every host before it connects. Pages, frames, popups, redirects, sub-resources, WebSockets and
 * workers all pass it, which interception inside the browser does not achieve: it never sees redirects.
 *
 * Over https it sees host and port and no more, which is what policies speak of. Whoever else on this machine finds its
 * port gets nothing that the policy refuses. A proxy that the environment names (HTTPS_PROXY, HTTP_PROXY, NO_PROXY) is
 * gone through.
 */
import {
  Agent,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as httpRequest,
  type ServerResponse,
} from 'node:http';
import { connect, type LookupFunction, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream';
import { codeOf, describe } from '../fault.ts';
import { upstreamOf, type Upstream } from './upstream.ts';
import type { Environment } from './environment.ts';

export interface PolicyProxy {
  /** For a browser's settings. */
  readonly url: string;
  close(): Promise<void>;
}

interface PolicyProxyOptions {
  /** Rejects for an address that must not be reached. */
  readonly check: (url: string) => Promise<void>;
  /** How the host of an address is looked up when it is dialled; as the system does when absent. */
  readonly lookupFor?: ((url: string) => LookupFunction | undefined) | undefined;
  /** Called for each refusal, with the address as far as it is known and what `check` said. */
  readonly refused: (url: string, reason: unknown) => void;
  readonly env: Environment;
}

/** Connections of one browser at once; further ones are closed. */
const MAX_CONNECTIONS = 500;
const CONNECT_MS = 30_000;
const HEAD_MS = 15_000;
/** Of one connection only. A trailer is announced by a header that Node refuses to write where there are no chunks. */
const HOP_BY_HOP = new Set('connection keep-alive proxy-authorization proxy-connection te trailer upgrade'.split(' '));
/** Marks an answer as the policy's own word. */
export const REFUSED_HEADER = 'casare-policy';

export async function startPolicyProxy(options: PolicyProxyOptions): Promise<PolicyProxy> {
  const agent = new Agent({ keepAlive: true });
  const tunnels = new Set<Duplex>();
  const server = createServer({ headersTimeout: HEAD_MS }, (request, response) => {
    // Whatever cannot be passed on ends this request and nothing else.
    forward(options, agent, request, response).catch(() => fail(response));
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.on('connect', (request, socket, head) => {
    tunnels.add(socket);
    socket.once('close', () => tunnels.delete(socket));
    socket.on('error', () => socket.destroy());
    void tunnel(options, request, socket, head);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        for (const socket of tunnels) socket.destroy();
        agent.destroy();
      }),
  };
}

/** Plain http: the whole address is known. */
async function forward(
  options: PolicyProxyOptions,
  agent: Agent,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const text = request.url ?? '';
  if (!URL.canParse(text) || new URL(text).protocol !== 'http:') {
    response.writeHead(400).end();
    return;
  }
  const url = new URL(text);
  const reason = await refusalOf(options, text);
  if (reason !== null) {
    refuse(options, text, reason, response);
    return;
  }
  const upstream = upstreamOf(options.env, url);
  const onward = httpRequest({
    agent,
    method: request.method,
    headers: { ...endToEnd(request.headers), ...authorization(upstream) },
    ...(upstream === null
      ? {
          host: bare(url.hostname),
          port: url.port || 80,
          path: `${url.pathname}${url.search}`,
          ...lookupOf(options, text),
        }
      : { host: bare(upstream.url.hostname), port: upstream.url.port || 80, path: url.href }),
  });
  response.once('close', () => onward.destroy());
  onward.on('error', (error) => {
    if (isRefusal(error) && !response.headersSent) refuse(options, text, error, response);
    else fail(response);
  });
  onward.once('response', (answer) => {
    try {
      response.writeHead(answer.statusCode ?? 502, endToEnd(answer.headers));
    } catch {
      // A status that is none.
      onward.destroy();
      fail(response);
      return;
    }
    pipeline(answer, response, () => undefined);
  });
  pipeline(request, onward, () => undefined);
}

function endToEnd(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name)));
}

/** Nothing usable came of a request. */
function fail(response: ServerResponse): void {
  if (response.headersSent) response.destroy();
  else response.writeHead(502).end();
}

/** https and WebSockets: a tunnel to a host. */
async function tunnel(
  options: PolicyProxyOptions,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  const text = `${request.url?.endsWith(':80') === true ? 'http' : 'https'}://${request.url ?? ''}/`;
  if (!URL.canParse(text)) {
    socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    return;
  }
  const reason = await refusalOf(options, text);
  if (reason !== null) {
    refuseTunnel(options, text, reason, socket);
    return;
  }
  try {
    const far = await open(options, new URL(text));
    // One side may have gone meanwhile.
    if (socket.destroyed) return void far.destroy();
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    far.write(head);
    join(socket, far);
  } catch (error) {
    if (isRefusal(error)) {
      refuseTunnel(options, text, error, socket);
      return;
    }
    socket.end(
      `HTTP/1.1 502 ${describe(error)
        .replaceAll(/[^\w .-]/g, ' ')
        .slice(0, 100)}\r\n\r\n`,
    );
  }
}

/** The policy's word against an address, null for none. */
async function refusalOf({ check }: PolicyProxyOptions, url: string): Promise<unknown> {
  try {
    await check(url);
    return null;
  } catch (reason) {
    return reason ?? new Error('refused');
  }
}

/** Where a name leads was refused when it was dialled. */
function isRefusal(error: unknown): boolean {
  return codeOf(error).startsWith('POLICY_');
}

function refuse({ refused }: PolicyProxyOptions, url: string, reason: unknown, response: ServerResponse): void {
  refused(url, reason);
  response.writeHead(403, { [REFUSED_HEADER]: 'refused', 'content-type': 'text/plain' });
  response.end("The agent's policy does not allow this address.\n");
}

function refuseTunnel({ refused }: PolicyProxyOptions, url: string, reason: unknown, socket: Duplex): void {
  refused(url, reason);
  socket.end(`HTTP/1.1 403 Forbidden\r\n${REFUSED_HEADER}: refused\r\n\r\n`);
}

function lookupOf({ lookupFor }: PolicyProxyOptions, url: string): { lookup?: LookupFunction } {
  const lookup = lookupFor?.(url);
  return lookup === undefined ? {} : { lookup };
}

/** A connection to the host, by way of the environment's proxy where it names one. */
async function open(options: PolicyProxyOptions, url: URL): Promise<Socket> {
  const upstream = upstreamOf(options.env, url);
  const port = Number(url.port || (url.protocol === 'http:' ? 80 : 443));
  if (upstream === null) return reach(bare(url.hostname), port, lookupOf(options, url.href));
  const authority = `${url.hostname}:${port}`;
  return new Promise((resolve, reject) => {
    const asking = httpRequest({
      method: 'CONNECT',
      host: bare(upstream.url.hostname),
      port: upstream.url.port || 80,
      path: authority,
      headers: { host: authority, ...authorization(upstream) },
      timeout: CONNECT_MS,
    });
    asking.once('connect', (answer, far) => {
      if (answer.statusCode === 200) return resolve(far);
      far.destroy();
      reject(new Error(`the proxy answered ${answer.statusCode ?? 0}`));
    });
    asking.once('timeout', () => asking.destroy(new Error('the proxy did not answer in time')));
    asking.once('error', reject);
    asking.end();
  });
}

function reach(host: string, port: number, names: { lookup?: LookupFunction }): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true, timeout: CONNECT_MS, ...names });
    socket.once('timeout', () => socket.destroy(new Error('the connection timed out')));
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.setTimeout(0);
      resolve(socket);
    });
  });
}

/** Both ends go together: a pipe alone would keep one of them when the other closes. */
function join(one: Duplex, other: Duplex): void {
  const end = (): void => {
    one.destroy();
    other.destroy();
  };
  pipeline(one, other, end);
  pipeline(other, one, end);
}

function authorization(upstream: Upstream | null): Record<string, string> {
  return upstream?.authorization === undefined ? {} : { 'proxy-authorization': upstream.authorization };
}

/** An IPv6 address without its brackets. */
function bare(host: string): string {
  return host.replaceAll(/^\[|\]$/g, '');
}
