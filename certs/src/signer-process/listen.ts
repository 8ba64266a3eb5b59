/**
 * A signer on a socket with a path, for callers that are not its parent: installed, it runs as a user of its own.
 *
 * Who may use it is said by files: the socket's directory must be closed to everybody but its owner (0700) or a group
 * (0750), the socket and its credential (`credential.ts`) have the same owner and group.
 */
import { lstat, chmod, chown, mkdir, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import path from 'node:path';
import { accept, refuse, type Result } from '../result.ts';
import type { Signer } from '../signer.ts';
import { addressOf, credentialFile, writeCredential } from './credential.ts';
import { serveSigner } from './serve.ts';

export interface ListenOptions {
  readonly signer: Signer;
  /** Of the socket. Its directory is made 0700 when it is missing. */
  readonly path: string;
  /** Number of the group that may use the signer; null: its own user alone. */
  readonly group: number | null;
  readonly onRefused: (why: string) => void;
}

export type ListenCode =
  'SIGNER_RUNNING' | 'SIGNER_SOCKET_UNSAFE' | 'SIGNER_SOCKET_TOO_LONG' | 'SIGNER_SOCKET_UNUSABLE';

/** Gateways and command lines on one machine. */
const MAX_CONNECTIONS = 64;
/** What the smallest system allows, with the final NUL. */
const MAX_PATH_BYTES = 103;

/** Listens; the answer closes it again. */
export async function listenSigner(
  options: ListenOptions,
): Promise<Result<{ close: () => Promise<void> }, ListenCode>> {
  const { path: at, group } = options;
  if (process.platform !== 'win32' && Buffer.byteLength(at) > MAX_PATH_BYTES) {
    return refuse('SIGNER_SOCKET_TOO_LONG', `${at} has more than ${MAX_PATH_BYTES} bytes: choose a shorter path`);
  }
  const place = await safePlace(path.dirname(at), group);
  if (!place.ok) return place;
  if (await answers(at)) return refuse('SIGNER_RUNNING', `another signer listens on ${at}`);
  try {
    return accept(await open(options, await writeCredential(at, group)));
  } catch (error) {
    return refuse('SIGNER_SOCKET_UNUSABLE', `${at} cannot be listened on (${(error as Error).message})`);
  }
}

async function open(options: ListenOptions, credential: Buffer): Promise<{ close: () => Promise<void> }> {
  const { path: at, group, signer, onRefused } = options;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    serveSigner(socket, { signer, credential, onRefused });
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.on('drop', () => onRefused(`more than ${MAX_CONNECTIONS} connections`));
  if (process.platform !== 'win32') await rm(at, { force: true });
  await listening(server, addressOf(at));
  if (process.platform !== 'win32') {
    if (group !== null) await chown(at, process.getuid?.() ?? -1, group);
    await chmod(at, group === null ? 0o600 : 0o660);
  }
  return {
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      await rm(credentialFile(at), { force: true });
    },
  };
}

function listening(server: Server, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(address, () => resolve());
  });
}

/** A directory that somebody else can write to would let them put another socket and credential in our place. */
async function safePlace(directory: string, group: number | null): Promise<Result<null, ListenCode>> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    if (process.platform === 'win32') return accept(null);
    const { mode, uid } = await lstat(directory);
    const allowed = group === null ? 0o700 : 0o750;
    const ours = uid === process.getuid?.() || uid === 0;
    if (ours && (mode & 0o777 & ~allowed) === 0) return accept(null);
    const is = `${directory} has the mode ${(mode & 0o777).toString(8)}`;
    return refuse('SIGNER_SOCKET_UNSAFE', `${is}: it must be ours and at most ${allowed.toString(8)}`);
  } catch (error) {
    return refuse('SIGNER_SOCKET_UNUSABLE', `${directory} cannot be made (${(error as Error).message})`);
  }
}

function answers(at: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(addressOf(at));
    const end = (alive: boolean) => {
      socket.destroy();
      resolve(alive);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}
