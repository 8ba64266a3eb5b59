/**
 * For tests: a whole PKI with two tenants, made by the real templates, and `rogue`, which signs anything with a CA's
 * key, as a thief of that key would. `handshake` runs a real TLS handshake on loopback: OpenSSL is the judge.
 */
import { type ExtendedKeyUsage, type Extension, SubjectAlternativeNameExtension } from './x509.ts';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type ConnectionOptions, type TLSSocket, type TlsOptions } from 'node:tls';
import { createAgentCa } from './agent-ca.ts';
import { DAY_MS, leafExtensions, openIssuer, signCertificate, type Issuer } from './certificate.ts';
import { generateKey, type KeyPair } from './keys.ts';
import { createAgentLeaf, createGatewayLeaf } from './leaf.ts';
import { certificatesInPem, toPem } from './pem.ts';
import type { Refusal, Result } from './result.ts';
import { createRoot, type KeyedCa } from './root.ts';
import { createServerCa } from './server-ca.ts';

export const TRUST_DOMAIN = 'casare.test';
export const AGENT_ID = '0197c1de-7a4b-7c3e-8f00-1a2b3c4d5e6f';

/** A CA with everything about it. */
export interface TestCa {
  pem: string;
  issuer: Issuer;
  keyed: KeyedCa;
}

/** A certificate with its key, ready for TLS. */
export interface TestLeaf {
  privateKeyPem: string;
  chainPem: string;
  der: Uint8Array;
}

export interface World {
  serverRoot: TestCa;
  agentRoot: TestCa;
  serverCa: TestCa;
  /** Tenants `acme` and `globex`. */
  acme: TestCa;
  globex: TestCa;
  gateway: TestLeaf;
  agent: TestLeaf;
}

/** Makes the world as of `now`. */
export async function createWorld(now = new Date()): Promise<World> {
  const serverRoot = await testCa(await createRoot({ kind: 'server', now }));
  const agentRoot = await testCa(await createRoot({ kind: 'agent', now }));
  const serverCa = await testCa(must(await createServerCa(serverRoot.issuer, { now })));
  const tenant = async (name: string) => {
    return testCa(must(await createAgentCa(agentRoot.issuer, { tenant: name, trustDomain: TRUST_DOMAIN, now })));
  };
  const [acme, globex] = [await tenant('acme'), await tenant('globex')];
  const [gatewayKey, agentKey] = [await generateKey('P-256'), await generateKey('P-256')];
  const hosts = ['gateway.test', '127.0.0.1', '::1'];
  const gateway = must(await createGatewayLeaf(serverCa.issuer, { hosts, publicKey: gatewayKey.publicKey, now }));
  const name = { tenant: 'acme', trustDomain: TRUST_DOMAIN, agentId: AGENT_ID };
  const agent = must(await createAgentLeaf(acme.issuer, { ...name, publicKey: agentKey.publicKey, now }));
  return {
    serverRoot,
    agentRoot,
    serverCa,
    acme,
    globex,
    gateway: leafOf(gateway.certificate, gatewayKey, serverCa),
    agent: leafOf(agent.certificate, agentKey, acme),
  };
}

/** Opens a CA that was just made. */
export async function testCa(keyed: KeyedCa): Promise<TestCa> {
  const issuer = must(await openIssuer(derOf(keyed.certificate), keyed.privateKey));
  return { pem: keyed.certificate, issuer, keyed };
}

/** What a certificate made with a stolen key says. Names are `type:value`; extensions replace the leaf's own. */
export interface Rogue {
  names?: readonly string[];
  purpose: ExtendedKeyUsage;
  extensions?: Extension[];
  commonName?: string;
  lifetimeMs?: number;
  now?: Date;
  /** Lower-case hex, of a certificate that we issued: they all begin with 01. */
  serial?: string;
}

/** Signs whatever is asked for with `ca`'s key. */
export async function rogue(
  ca: Pick<TestCa, 'pem' | 'issuer'>,
  wanted: Rogue,
): Promise<TestLeaf & { keys: KeyPair; pem: string }> {
  const keys = await generateKey('P-256');
  const names = (wanted.names ?? []).map((name) => {
    const [type, ...value] = name.split(':');
    return { type: type as 'url' | 'dns' | 'ip' | 'email', value: value.join(':') };
  });
  const issued = must(
    await signCertificate(
      {
        subject: [{ CN: [wanted.commonName ?? randomUUID()] }],
        publicKey: keys.publicKey,
        now: wanted.now ?? new Date(),
        lifetimeMs: wanted.lifetimeMs ?? DAY_MS,
        extensions: [
          ...(wanted.extensions ?? leafExtensions(wanted.purpose)),
          ...(names.length > 0 ? [new SubjectAlternativeNameExtension(names)] : []),
        ],
      },
      ca.issuer,
      ...(wanted.serial === undefined ? [] : [() => Buffer.from(wanted.serial!.slice(2), 'hex')]),
    ),
  );
  return { ...leafOf(issued.certificate, keys, ca), keys, pem: issued.certificate };
}

function leafOf(pem: string, keys: KeyPair, ca: Pick<TestCa, 'pem'>): TestLeaf {
  const privateKeyPem = toPem('PRIVATE KEY', keys.privateKey);
  return { privateKeyPem, chainPem: `${pem}${ca.pem}`, der: derOf(pem) };
}

export function derOf(pem: string): Uint8Array {
  const [der] = certificatesInPem(pem);
  if (der === undefined) throw new Error('no certificate in the PEM');
  return der;
}

/** The value of a result a test expects to be there. */
export function must<Value>(result: Result<Value, string>): Value {
  if (!result.ok) throw new Error(`${result.code}: ${result.message}`);
  return result.value;
}

/** The code of a result, `OK` when there is a value. */
export function codeOf(result: { ok: true } | Refusal<string>): string {
  return result.ok ? 'OK' : result.code;
}

/** How a handshake ended. `server` and `client` hold each side's error, or `OK`; a refused client sees `CLOSED`. */
export interface Outcome {
  server: string;
  client: string;
  /** Whether the server saw a resumed session. */
  reused: boolean;
  /** The peer leaf the server saw, DER. */
  peer: Uint8Array | null;
}

/** Runs on the connected client; `session` settles when the server gave one that can be offered again. */
export type OnClient = (socket: TLSSocket, session: Promise<Buffer>) => void | Promise<void>;

/**
 * One handshake on loopback, then one byte from server to client. `onClient` runs on the client's socket after that
 * byte, before the end.
 */
export async function handshake(
  serverOptions: TlsOptions,
  clientOptions: ConnectionOptions,
  onClient: OnClient = () => undefined,
): Promise<Outcome> {
  const server = createServer(serverOptions);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  try {
    return await converse(server, { ...clientOptions, port: (server.address() as AddressInfo).port }, onClient);
  } finally {
    server.close();
  }
}

/** A handshake with a server that is already listening. */
export async function converse(
  server: ReturnType<typeof createServer>,
  clientOptions: ConnectionOptions,
  onClient: OnClient = () => undefined,
): Promise<Outcome> {
  const outcome: Outcome = { server: 'OK', client: 'OK', reused: false, peer: null };
  const seen = new Promise<void>((resolve) => {
    server.once('tlsClientError', (error: NodeJS.ErrnoException, socket: TLSSocket) => {
      // Typed as an error, it is OpenSSL's code as text.
      const authorization: unknown = socket.authorizationError;
      outcome.server = typeof authorization === 'string' ? authorization : (error.code ?? error.message);
      resolve();
    });
    server.once('secureConnection', (socket) => {
      outcome.reused = socket.isSessionReused();
      outcome.peer = (socket.getPeerCertificate() as { raw?: Buffer }).raw ?? null;
      socket.on('error', () => undefined);
      socket.write('x');
      resolve();
    });
  });
  const client = connect({ ...clientOptions, host: '127.0.0.1' });
  const session = new Promise<Buffer>((resolve) => void client.once('session', resolve));
  const ended = new Promise<string>((resolve) => {
    client.on('error', (error: NodeJS.ErrnoException) => {
      // Node has no code for OpenSSL's name-constraint errors, but a client gets their text.
      resolve(error.code === undefined || error.code === 'UNSPECIFIED' ? error.message : error.code);
    });
    // A server that refuses the certificate closes without an alert.
    client.on('close', () => resolve('CLOSED'));
    client.once('data', () => resolve('OK'));
  });
  outcome.client = await ended;
  if (outcome.client === 'OK') await onClient(client, session);
  client.destroy();
  await seen;
  server.removeAllListeners('tlsClientError').removeAllListeners('secureConnection');
  return outcome;
}
