/**
 * Talking to the enrol listener of a control plane this agent does not know yet. The first connection only fetches the
 * certificate chain and looks for the pinned root in it, or asks for the roots; nothing else is sent. Every request then trusts that root alone.
 * Redirects are refused, replies are bounded in size and time.
 */
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import type { ConnectionOptions } from 'node:tls';
import { chainProbeOptions, enrolClientOptions, findPinned } from '@casare/certs';
import { EnrolRoots } from '@casare/shared/protocol';
import { describe, Fault } from '../fault.ts';
import { connectFault, intercepted, type Network } from '../network/index.ts';

/** Without a byte, and for the whole exchange, however slowly it is fed. */
const TIMEOUT_MS = 15_000;
const EXCHANGE_MS = 60_000;
const REPLY_BYTES = 262_144;

/** A bounded reply. */
export interface EnrolAnswer {
  readonly status: number;
  /** The body as JSON, or null when it is none. */
  readonly body: unknown;
  /** The server's clock (`Date` header), milliseconds since the epoch, or null. */
  readonly serverTime: number | null;
}

/**
 * The pinned root, PEM: out of the listener's chain or, since a chain leads to one root only while two are good, out of
 * the roots that it gives. Neither is believed: the pin is a digest of the root's key. Throws TLS_INTERCEPTED, naming who
 * issued what was seen instead.
 */
export async function findServerRoot(network: Network, url: URL, pin: string): Promise<string> {
  const chain = await network.chain('enrol', url);
  const root = findPinned(chain, pin) ?? findPinned(await listRoots(network, url), pin);
  if (root === null) throw intercepted(url, chain, undefined, 'token');
  return root;
}

/** The roots that whoever answers says are good, PEM; empty when there is no such answer. Nothing is sent with the asking. */
async function listRoots(network: Network, url: URL): Promise<string> {
  const at = new URL('enrol/roots', url);
  const over = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const answer = await readAnswer(url, await send(network, at, chainProbeOptions(hostOf(at)), null, over), over);
    const roots = EnrolRoots.safeParse(answer.body);
    return answer.status === 200 && roots.success ? roots.data.roots.join('') : '';
  } catch {
    // Whoever it is, it is not the control plane of this token.
    return '';
  }
}

/** Posts JSON to the enrol listener, trusting only `root`. Throws a Fault when there is no usable answer. */
export async function post(
  network: Network,
  url: URL,
  root: string,
  body: unknown,
  exchangeMs = EXCHANGE_MS,
): Promise<EnrolAnswer> {
  const text = JSON.stringify(body);
  const over = new AbortController();
  const slow = new Error(`no whole answer within ${exchangeMs / 1_000} s`);
  const timer = setTimeout(() => over.abort(slow), exchangeMs);
  try {
    return await readAnswer(
      url,
      await send(network, url, enrolClientOptions(hostOf(url), root), text, over.signal),
      over.signal,
    );
  } finally {
    clearTimeout(timer);
  }
}

/** Posts `text`, or gets when there is none. */
function send(
  network: Network,
  url: URL,
  tls: ConnectionOptions,
  text: string | null,
  over: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const body = text === null ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
    const sending = request(url, {
      method: text === null ? 'GET' : 'POST',
      createConnection: network.connector('enrol', url, tls, over),
      timeout: TIMEOUT_MS,
      headers: { ...body, connection: 'close' },
    });
    over.addEventListener('abort', () => sending.destroy(over.reason as Error), { once: true });
    sending.on('response', resolve);
    sending.on('timeout', () => sending.destroy(new Error(`no answer within ${TIMEOUT_MS / 1_000} s`)));
    sending.on('error', (error) => reject(connectFault(url, error)));
    sending.end(text ?? undefined);
  });
}

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

async function readAnswer(url: URL, response: IncomingMessage, over: AbortSignal): Promise<EnrolAnswer> {
  const status = response.statusCode ?? 0;
  if (status >= 300 && status < 400) {
    response.destroy();
    throw new Fault('ENROL_REDIRECTED', `${url.host} answers with a redirect: use the enrol URL of the control plane`);
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response) {
      chunks.push(chunk as Buffer);
      bytes += (chunk as Buffer).length;
      if (bytes > REPLY_BYTES) throw new Error(`a reply of more than ${REPLY_BYTES} bytes`);
    }
  } catch (error) {
    response.destroy();
    const why = describe(over.aborted ? over.reason : error);
    throw new Fault('ENROL_FAILED', `${url.host} gave no usable answer (${why}): try again`);
  }
  const time = Date.parse(response.headers.date ?? '');
  return { status, body: parseJson(Buffer.concat(chunks)), serverTime: Number.isNaN(time) ? null : time };
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return null;
  }
}
