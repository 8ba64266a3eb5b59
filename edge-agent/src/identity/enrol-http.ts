/**
 * Talking to the enrol listener of a control plane this agent does not know yet. The first connection only fetches the
 * certificate chain and looks for the pinned root in it; nothing is sent. Every request then trusts that root alone.
 * Redirects are refused, replies are bounded in size and time.
 */
import { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { connect } from 'node:tls';
import { chainProbeOptions, enrolClientOptions, findPinned, peerChain } from '@casare/certs';
import { codeOf, describe, Fault } from '../fault.ts';

const TIMEOUT_MS = 15_000;
const REPLY_BYTES = 262_144;
const DEFAULT_PORT = 443;

/** A bounded reply. */
export interface EnrolAnswer {
  readonly status: number;
  /** The body as JSON, or null when it is none. */
  readonly body: unknown;
  /** The server's clock (`Date` header), milliseconds since the epoch, or null. */
  readonly serverTime: number | null;
}

/** Fetches the chain that the listener presents, DER, leaf first. Throws UNREACHABLE. */
export function fetchChain(url: URL): Promise<Uint8Array[]> {
  const host = hostOf(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ ...chainProbeOptions(host), port: portOf(url) });
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error(`no answer within ${TIMEOUT_MS / 1_000} s`)));
    socket.once('error', (error) => reject(unreachable(url, error)));
    socket.once('secureConnect', () => {
      resolve(peerChain(socket));
      socket.destroy();
    });
  });
}

/** The pinned root out of the listener's chain, PEM. Throws TLS_INTERCEPTED, naming who issued what was seen instead. */
export async function findServerRoot(url: URL, pin: string): Promise<string> {
  const chain = await fetchChain(url);
  const root = findPinned(chain, pin);
  if (root === null) throw intercepted(url, chain);
  return root;
}

/** Posts JSON to the enrol listener, trusting only `root`. Throws a Fault when there is no usable answer. */
export async function post(url: URL, root: string, body: unknown): Promise<EnrolAnswer> {
  const text = JSON.stringify(body);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const options = {
      ...enrolClientOptions(hostOf(url), root),
      method: 'POST',
      agent: false as const,
      timeout: TIMEOUT_MS,
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), connection: 'close' },
    };
    const sending = request(url, options, resolve);
    sending.on('timeout', () => sending.destroy(new Error(`no answer within ${TIMEOUT_MS / 1_000} s`)));
    sending.on('error', (error) => reject(faultOf(url, error)));
    sending.end(text);
  });
  return readAnswer(url, response);
}

/** Who issued the leaf of a chain, for people: one line without control characters. */
export function issuerOf(chain: readonly Uint8Array[]): string {
  try {
    const leaf = chain[0];
    if (leaf === undefined) return 'no certificate';
    return printable(new X509Certificate(leaf).issuer);
  } catch {
    return 'a certificate that cannot be read';
  }
}

async function readAnswer(url: URL, response: IncomingMessage): Promise<EnrolAnswer> {
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
    throw new Fault('ENROL_FAILED', `${url.host} gave no usable answer (${describe(error)}): try again`);
  }
  const time = Date.parse(response.headers.date ?? '');
  return { status, body: parseJson(Buffer.concat(chunks)), serverTime: Number.isNaN(time) ? null : time };
}

function faultOf(url: URL, error: unknown): Fault {
  const code = codeOf(error);
  if (code === 'CERT_NOT_YET_VALID' || code === 'CERT_HAS_EXPIRED') {
    const text = `the certificate of ${url.host} is not valid at this machine's time (${code}): set the clock`;
    return new Fault('CLOCK_SKEW', text, { cause: error });
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const text = `the certificate of ${url.host} is for another host: use the enrol URL that came with the token`;
    return new Fault('WRONG_HOST', text, { cause: error });
  }
  if (/CERT|SIGNATURE|ISSUER|CHAIN/.test(code)) {
    const text = `${url.host} could not prove its certificate (${code}): is a proxy intercepting TLS?`;
    return new Fault('TLS_INTERCEPTED', text, { cause: error });
  }
  return unreachable(url, error);
}

function intercepted(url: URL, chain: readonly Uint8Array[]): Fault {
  return new Fault(
    'TLS_INTERCEPTED',
    `${url.host} is not the control plane of this token: its certificate was issued by "${issuerOf(chain)}". ` +
      'Check the URL; if a proxy inspects TLS, exempt this host',
  );
}

function unreachable(url: URL, error: unknown): Fault {
  const why = codeOf(error) || describe(error);
  if (why === 'ERR_SSL_WRONG_VERSION_NUMBER') {
    const plain = `${url.host} does not speak TLS: is that the console's port? Use the URL of the enrol listener`;
    return new Fault('UNREACHABLE', plain, { cause: error });
  }
  const text = `${url.host} cannot be reached (${why}): check the URL, that the control plane runs, and the firewall`;
  return new Fault('UNREACHABLE', text, { cause: error });
}

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

function portOf(url: URL): number {
  return url.port === '' ? DEFAULT_PORT : Number(url.port);
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return null;
  }
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]+/g, ', ').slice(0, 200);
}
