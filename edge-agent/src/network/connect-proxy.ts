/**
 * HTTP CONNECT, the way through a corporate proxy, with Basic credentials (RFC 9110 sections 9.3.6 and 11).
 *
 * The answer is parsed by Node's own HTTP parser, which bounds its head; whatever a proxy says besides "2xx" and an
 * empty line is a refusal. TLS runs over what is left: the proxy sees the host's name and nothing else.
 */
import { request } from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { codeOf, describe, Fault } from '../fault.ts';
import { printable } from './issuer.ts';
import type { ProxyWay } from './settings.ts';
import { connectTcp, secure } from './sockets.ts';
import { authorityOf, hostOf, portOf } from './target.ts';

const HEAD_BYTES = 16_384;

/**
 * A connection to the host of `target` by way of the proxy. `tls`: how a proxy that is reached over TLS is verified.
 * Throws PROXY_UNREACHABLE, PROXY_AUTH_REQUIRED, PROXY_REFUSED, PROXY_PROTOCOL.
 */
export async function throughProxy(
  proxy: ProxyWay,
  target: URL,
  tls: () => ConnectionOptions,
  signal: AbortSignal,
): Promise<Socket> {
  const authorization = proxy.authorization();
  const socket = await reach(proxy, tls, signal);
  try {
    return await ask(proxy, socket, target, authorization, signal);
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

async function reach(proxy: ProxyWay, tls: () => ConnectionOptions, signal: AbortSignal): Promise<Socket> {
  try {
    const socket = await connectTcp(hostOf(proxy.url), portOf(proxy.url), signal);
    return proxy.url.protocol === 'https:' ? await secure(socket, tls(), signal) : socket;
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw unreachable(proxy, codeOf(error) || describe(error), error);
  }
}

function ask(
  proxy: ProxyWay,
  socket: Socket,
  target: URL,
  authorization: string | null,
  signal: AbortSignal,
): Promise<Socket> {
  const authority = authorityOf(target);
  return new Promise((resolve, reject) => {
    const asking = request({
      method: 'CONNECT',
      path: authority,
      headers: { host: authority, ...(authorization === null ? {} : { 'proxy-authorization': authorization }) },
      setHost: false,
      createConnection: () => socket,
      maxHeaderSize: HEAD_BYTES,
    });
    const stop = (): void => void asking.destroy(signal.reason as Error);
    asking.on('connect', (answer, _socket, more: Buffer) => {
      signal.removeEventListener('abort', stop);
      const fault = faultOf(proxy, target, answer.statusCode ?? 0, answer.headers['proxy-authenticate'], authorization);
      if (fault !== null) reject(fault);
      // who is called speaks second in TLS, so this is not from them
      else if (more.length > 0) reject(protocol(proxy, 'it sends more than its answer'));
      else resolve(socket);
    });
    asking.on('error', (error) => {
      if (signal.aborted) reject(unreachable(proxy, describe(signal.reason), error));
      else reject(protocol(proxy, codeOf(error) || describe(error), error));
    });
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    asking.end();
  });
}

/** What an answer means; null when the way is open. */
function faultOf(
  proxy: ProxyWay,
  target: URL,
  status: number,
  offered: string | readonly string[] | undefined,
  authorization: string | null,
): Fault | null {
  if (status >= 200 && status < 300) return null;
  const who = nameOf(proxy);
  if (status !== 407) {
    const text = `${who} does not let this agent through to ${authorityOf(target)} (HTTP ${status}): have it allowed there`;
    return new Fault('PROXY_REFUSED', text);
  }
  const schemes = printable(
    [offered ?? []]
      .flat()
      .join(', ')
      .replace(/\s*realm="[^"]*"/gi, ''),
  );
  if (!/\bbasic\b/i.test(schemes)) {
    const text = `${who} asks for credentials of a kind that is not supported (${schemes || 'unnamed'}): allow Basic there, or exempt this agent`;
    return new Fault('PROXY_AUTH_REQUIRED', text);
  }
  const text =
    authorization === null
      ? `${who} asks for credentials: give user:password by --proxy-auth-file`
      : `${who} does not take the credentials it was given: mend the file of --proxy-auth-file`;
  return new Fault('PROXY_AUTH_REQUIRED', text);
}

function unreachable(proxy: ProxyWay, why: string, cause: unknown): Fault {
  const text = `${nameOf(proxy)} cannot be reached (${why}): check its address and the firewall`;
  return new Fault('PROXY_UNREACHABLE', text, { cause });
}

function protocol(proxy: ProxyWay, why: string, cause?: unknown): Fault {
  return new Fault('PROXY_PROTOCOL', `${nameOf(proxy)} answers as no proxy does (${why}): check its address`, {
    cause,
  });
}

function nameOf(proxy: ProxyWay): string {
  return `the proxy ${authorityOf(proxy.url)} (from ${proxy.from})`;
}
