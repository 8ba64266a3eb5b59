/**
 * The agent's end of the place: listens, and admits worker hosts and the workers that they started. Whoever has not proved
 * itself within five seconds, in two small frames, is sent away; nothing of what it says is looked at before. Whoever is
 * refused is told why and cut off: it holds no place, and nothing more of it is read.
 */
import { rmSync, statSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { Fault } from '../fault.ts';
import { peerUser } from '../linux/index.ts';
import { giveTo } from '../shared-file.ts';
import { FrameLink } from './frames.ts';
import { freshNonce, HELLO_MS, isProof, proofOf } from './handshake.ts';
import { Hello, HELLO_BYTES, type HostSettings } from './messages.ts';
import type { Place, PlaceKey } from './place.ts';

/** Open connections, of hosts, of workers, and of whoever has not proved itself. */
const MAX_CONNECTIONS = 256;

/** A worker host that has proved itself. */
export interface AdmittedHost {
  /** Whose processes it starts. */
  readonly identity: string;
  /** The user that its files belong to; null where the system does not say. */
  readonly uid: number | null;
  readonly link: FrameLink;
}

export interface ReceptionOptions {
  readonly place: Place;
  readonly key: PlaceKey;
  readonly platform: NodeJS.Platform;
  readonly version: string;
  readonly settings: HostSettings;
  readonly log: (level: 'info' | 'warn', message: string) => void;
  /** Why a host is not wanted; null when it is. */
  readonly refuses: (identity: string) => string | null;
  readonly onHost: (host: AdmittedHost) => void;
  /** The ticket of a worker that is awaited. Asked once for each that dials. */
  readonly ticketOf: (marker: string) => string | null;
  readonly onWorker: (marker: string, link: FrameLink) => void;
}

/** Opens it. Throws a Fault: WORKER_PLACE_TAKEN. */
export async function openReception(options: ReceptionOptions): Promise<Server> {
  const { key, place, platform } = options;
  const isPipe = platform === 'win32';
  if (!isPipe) await removeStale(key.socket);
  const server = createServer((socket) => receive(socket, options));
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(
        new Fault('WORKER_PLACE_TAKEN', `${key.socket} cannot be listened at: ${error.message}`, { cause: error }),
      );
    });
    // A pipe's own access list is not ours to set: whoever may reach it proves itself by the key, which has one.
    server.listen({ path: key.socket, readableAll: isPipe, writableAll: isPipe }, resolve);
  });
  if (!isPipe) giveTo(key.socket, statSync(place.root).gid, 0o660);
  return server;
}

/** What an agent that was killed left is removed; where one listens, it is not taken from it. */
async function removeStale(path: string): Promise<void> {
  const isHeard = await new Promise<boolean>((resolve) => {
    const probe = createConnection(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
  if (isHeard) throw new Fault('WORKER_PLACE_TAKEN', `another agent listens at ${path}: each has a place of its own`);
  rmSync(path, { force: true });
}

function receive(socket: Socket, options: ReceptionOptions): void {
  const timer = setTimeout(() => socket.destroy(), HELLO_MS);
  socket.once('close', () => clearTimeout(timer));
  const nonce = freshNonce();
  const link = new FrameLink(socket, {
    maxBytes: HELLO_BYTES,
    onEnd: () => socket.destroy(),
    onFrame: (raw) => {
      const hello = Hello.safeParse(raw);
      if (!hello.success) socket.destroy();
      else if (admit({ link, socket, nonce }, hello.data, options)) clearTimeout(timer);
    },
  });
  link.send({ type: 'challenge', nonce });
}

interface Dialled {
  readonly socket: Socket;
  readonly link: FrameLink;
  /** What it was challenged with. */
  readonly nonce: string;
}

/** True when it is admitted. */
function admit({ link, socket, nonce }: Dialled, hello: Hello, options: ReceptionOptions): boolean {
  const { key, version, platform, settings, log, refuses, onHost, onWorker, ticketOf } = options;
  const nonces = [nonce, hello.nonce];
  const secret = hello.as === 'host' ? key.key : ticketOf(hello.id);
  const refuse = (code: string, reason: string): false => {
    log('warn', `a ${hello.as} was not admitted: ${reason}`);
    link.send({ type: 'refused', code, reason });
    void link.end().then(() => link.destroy());
    return false;
  };
  if (secret === null || !isProof(hello.proof, proofOf(secret, `${hello.as} ${hello.id}`, nonces))) {
    return refuse('WORKER_CHANNEL_REFUSED', 'it does not know the key');
  }
  const admission = { type: 'admitted', proof: proofOf(secret, 'agent', nonces), settings };
  if (hello.as === 'worker') {
    link.send(admission);
    onWorker(hello.id, link);
    return true;
  }
  const uid = platform === 'win32' ? null : peerUser(socket);
  if (uid === null && platform !== 'win32') {
    return refuse('WORKER_CHANNEL_REFUSED', 'the system does not say whose process it is');
  }
  if (hello.version !== version) {
    const reason = `the host has version ${hello.version} and the agent ${version}: start the host again`;
    return refuse('WORKER_HOST_VERSION', reason);
  }
  const identity = uid === null ? `session ${hello.id}` : `uid ${uid}`;
  const why = refuses(identity);
  if (why !== null) return refuse('WORKER_HOST_REFUSED', why);
  link.send(admission);
  onHost({ identity, uid, link });
  return true;
}
