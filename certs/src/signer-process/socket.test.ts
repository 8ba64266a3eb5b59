/** The signer on a socket with a path: who may use it, and what a hostile peer can do to it, or as it. */
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createLocalSigner } from '../local-signer.ts';
import { createRateLimit } from '../rate-limit.ts';
import type { Signer } from '../signer.ts';
import { codeOf, must, TRUST_DOMAIN } from '../world.fixture.ts';
import { createSignerClient, type SignerClient } from './client.ts';
import { credentialFile, newNonce, proofOf } from './credential.ts';
import { dialSigner } from './dial.ts';
import { listenSigner } from './listen.ts';
import { IN_FLIGHT, LINE_BYTES } from './wire.ts';

let folder: string;
let at: string;
let refused: string[];
let ends: (() => unknown)[];
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'casare-socket-'));
  at = path.join(folder, 'signer.sock');
  refused = [];
  ends = [];
});
afterEach(async () => {
  for (const end of ends.reverse()) await end();
  await rm(folder, { recursive: true });
});

function signerOf(): Signer {
  const now = () => new Date();
  const rateLimit = createRateLimit({ perMinute: 60, burst: 10, now });
  const gatewayHosts = ['gateway.test'];
  return createLocalSigner({ masterKey: Buffer.alloc(32, 7), trustDomain: TRUST_DOMAIN, gatewayHosts, rateLimit, now });
}

/** The operations of a signer, to be changed by a test: its own are on its prototype. */
function signerMethods(): Partial<Signer> {
  const signer = signerOf();
  return { deriveKey: (request) => signer.deriveKey(request) };
}

async function listen(signer: Signer = signerOf()): Promise<{ close: () => Promise<void> }> {
  const server = must(await listenSigner({ signer, path: at, group: null, onRefused: (why) => refused.push(why) }));
  ends.push(() => server.close());
  return server;
}

function client(timeoutMs = 5_000): SignerClient {
  const made = createSignerClient({ dial: () => dialSigner(at), timeoutMs });
  ends.push(() => made.close());
  return made;
}

/** A raw peer; `lines` is what it was sent, `closed` when it was cut off. */
function peer(): { socket: Socket; lines: () => string[]; closed: Promise<unknown> } {
  const socket = connect(at);
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  socket.on('error', () => undefined);
  ends.push(() => socket.destroy());
  return { socket, lines: () => text.split('\n').filter(Boolean), closed: once(socket, 'close') };
}

async function proven(): Promise<ReturnType<typeof peer>> {
  const raw = peer();
  const nonce = newNonce();
  raw.socket.write(`${JSON.stringify({ type: 'hello', version: 1, nonce })}\n`);
  await vi.waitFor(() => expect(raw.lines()).toHaveLength(1));
  const challenge = JSON.parse(raw.lines()[0]!) as { nonce: string };
  const proof = proofOf('caller', await readFile(credentialFile(at)), nonce, challenge.nonce);
  raw.socket.write(`${JSON.stringify({ type: 'proof', proof })}\n`);
  await vi.waitFor(() => expect(raw.lines()).toHaveLength(2));
  return raw;
}

describe("a signer's socket", () => {
  test('and its credential are for their owner alone', async () => {
    await listen();
    expect([(await stat(at)).mode & 0o777, (await stat(credentialFile(at))).mode & 0o777]).toEqual([0o600, 0o600]);
  });

  test('is not opened in a directory that others may enter, nor twice, nor with a path too long', async () => {
    await chmod(folder, 0o755);
    const options = { signer: signerOf(), group: null, onRefused: () => undefined };
    expect(codeOf(await listenSigner({ ...options, path: at }))).toBe('SIGNER_SOCKET_UNSAFE');
    await chmod(folder, 0o700);
    await listen();
    expect(codeOf(await listenSigner({ ...options, path: at }))).toBe('SIGNER_RUNNING');
    const long = path.join(folder, 'x'.repeat(120));
    expect(codeOf(await listenSigner({ ...options, path: long }))).toBe('SIGNER_SOCKET_TOO_LONG');
  });

  test('that was left behind by a killed signer is taken over, with a new credential', async () => {
    await (await listen()).close();
    await writeFile(at, '');
    await writeFile(credentialFile(at), Buffer.alloc(32, 1), { mode: 0o600 });
    await listen();
    expect(await client().ready(5_000)).toBe(true);
    expect(await readFile(credentialFile(at))).not.toEqual(Buffer.alloc(32, 1));
  });

  test('refuses a peer without the credential, and one that asks before it has proven anything', async () => {
    await listen();
    const hasty = peer();
    hasty.socket.write(`${JSON.stringify({ type: 'request', id: 1, operation: 'ping', message: {} })}\n`);
    await hasty.closed;
    expect(hasty.lines()).toEqual([]);
    const guesser = peer();
    const nonce = newNonce();
    guesser.socket.write(`${JSON.stringify({ type: 'hello', version: 1, nonce })}\n`);
    await vi.waitFor(() => expect(guesser.lines()).toHaveLength(1));
    // The signer's own proof, reflected: it is for the other side.
    const challenge = JSON.parse(guesser.lines()[0]!) as { proof: string };
    guesser.socket.write(`${JSON.stringify({ type: 'proof', proof: challenge.proof })}\n`);
    await guesser.closed;
    expect(guesser.lines()).toHaveLength(1);
    expect(refused).toEqual(['a peer did not greet', 'a peer could not prove that it may use the signer']);
    const control = await proven();
    control.socket.write(`${JSON.stringify({ type: 'request', id: 1, operation: 'ping', message: {} })}\n`);
    await vi.waitFor(() => expect(control.lines()[2]).toContain('"issuers":0'));
  });

  test('is not used when what listens on its path cannot prove that it is the signer', async () => {
    await (await listen()).close();
    await writeFile(credentialFile(at), Buffer.alloc(32, 1), { mode: 0o600 });
    const sent: string[] = [];
    const impostor = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => {
        sent.push(chunk.toString());
        socket.write(`${JSON.stringify({ type: 'challenge', nonce: newNonce(), proof: newNonce() })}\n`);
      });
    });
    await once(impostor.listen(at), 'listening');
    ends.push(() => impostor.close());
    await expect(dialSigner(at)).rejects.toThrow('is not the signer');
    expect(sent.join('')).not.toContain('"proof"');
    await chmod(credentialFile(at), 0o644);
    await expect(dialSigner(at)).rejects.toThrow('has the mode 644');
  });

  test.each([
    ['what is not JSON', 'hello\n'],
    ['an unknown operation', '{"type":"request","id":1,"operation":"constructor","message":{}}\n'],
    ['an id that is none', '{"type":"request","id":-1,"operation":"ping","message":{}}\n'],
    ['a deep nesting', `${'['.repeat(30_000)}\n`],
    ['a line without end', 'x'.repeat(LINE_BYTES + 1)],
    ['bytes that are no text', Buffer.from([0x22, 0xff, 0xfe, 0x22, 0x0a])],
  ])('cuts off a peer that sends %s, and serves the others', async (_, bytes) => {
    await listen();
    const good = client();
    expect(await good.ready(5_000)).toBe(true);
    const bad = await proven();
    bad.socket.write(bytes);
    await bad.closed;
    expect(bad.lines()).toHaveLength(2);
    expect(codeOf(await good.ping())).toBe('OK');
  });

  test('no more than 64 requests of a peer are worked on; the rest waits unread, and others are served', async () => {
    let seen = 0;
    const stuck = { ...signerMethods(), ping: () => new Promise<never>(() => (seen += 1)) } as Signer;
    await listen(stuck);
    const flood = await proven();
    flood.socket.write(`${JSON.stringify({ type: 'request', id: 1, operation: 'ping', message: {} })}\n`.repeat(500));
    await vi.waitFor(() => expect(seen).toBe(IN_FLIGHT));
    const good = client();
    expect(await good.ready(5_000)).toBe(true);
    expect(codeOf(await good.deriveKey({ purpose: 'enrol-nonce' }))).toBe('OK');
    expect(seen).toBe(IN_FLIGHT);
  });
});

describe('a client', () => {
  test('answers SIGNER_DOWN at once while nobody listens, and works when somebody does', async () => {
    const caller = client();
    expect(codeOf(await caller.ping())).toBe('SIGNER_DOWN');
    await mkdir(folder, { recursive: true });
    await listen();
    await vi.waitFor(async () => expect(codeOf(await caller.ping())).toBe('OK'), 10_000);
  });

  test('waits for no answer longer than its limit, and has at most 1,000 calls waiting', async () => {
    const silent = { ...signerMethods(), ping: () => new Promise<never>(() => undefined) } as Signer;
    await listen(silent);
    const caller = client(500);
    expect(await caller.ready(5_000)).toBe(true);
    const calls = Array.from({ length: 1_001 }, () => caller.ping());
    expect(codeOf(await calls[1_000]!)).toBe('SIGNER_BUSY');
    expect(new Set((await Promise.all(calls.slice(0, 1_000))).map(codeOf))).toEqual(new Set(['SIGNER_DOWN']));
  });

  test('takes nothing for an answer that is none', async () => {
    const lying = {
      ...signerMethods(),
      ping: async () => ({ ok: true, value: { issuers: 'many' } }),
    } as unknown as Signer;
    await listen(lying);
    const caller = client();
    expect(await caller.ready(5_000)).toBe(true);
    expect(codeOf(await caller.ping())).toBe('SIGNER_DOWN');
    expect(refused).toEqual(['the operation ping failed']);
  });
});
