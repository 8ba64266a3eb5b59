/**
 * The place where agent and worker hosts meet: a folder that belongs to the agent and to the workers' group, and to nobody
 * else. The installer makes it; the agent makes what is inside.
 *
 *   host.sock     the agent listens (on Windows a pipe with a random name, which `key.json` tells)
 *   key.json      fresh at every start of the agent; who can read it may be a worker host
 *   runs/<job>/   the folders of runs: both sides work in them while the run lasts, only the agent when it is over
 *
 * Invariants: in the place itself nobody but the agent makes, replaces or removes anything, so that whoever listens at the
 * socket is the agent. Nobody outside the group gets in.
 */
import { randomBytes } from 'node:crypto';
import { lstatSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { codeOf, Fault } from '../fault.ts';
import { changeProblem, openToSessions } from '../windows/index.ts';
import { giveTo } from '../shared-file.ts';
import { writeWhole } from '../write-whole.ts';

/** Unix socket paths are limited (108 bytes on Linux, with the final zero). */
const SOCKET_PATH_BYTES = 100;
const KEY_BYTES = 32;

const Key = z.object({ socket: z.string().min(1).max(300), key: z.string().regex(/^[0-9a-f]{64}$/) });
export type PlaceKey = z.infer<typeof Key>;

export interface Place {
  readonly root: string;
  readonly socket: string;
  readonly key: string;
  readonly runs: string;
}

/** The place of a socket: the folder that it is in. */
export function placeOf(socket: string): Place {
  const root = dirname(resolve(socket));
  return {
    root,
    socket: resolve(socket),
    key: join(root, 'key.json'),
    runs: join(root, 'runs'),
  };
}

/**
 * The agent's part: verifies the folder, makes what is in it, and a fresh key.
 * @throws Fault WORKER_PLACE_UNSAFE, WORKER_PLACE_MISSING
 */
export function openPlace(place: Place, platform: NodeJS.Platform): PlaceKey {
  const pipe = `\\\\.\\pipe\\casare-workers-${randomBytes(16).toString('hex')}`;
  const socket = platform === 'win32' ? pipe : place.socket;
  const key = { socket, key: randomBytes(KEY_BYTES).toString('hex') };
  if (platform !== 'win32') {
    if (Buffer.byteLength(place.socket) > SOCKET_PATH_BYTES) throw unsafe(`${place.socket} is too long for a socket`);
    const group = verifyOwn(place);
    makeFolder(place.runs, group, 0o710);
  } else {
    mkdirSync(place.runs, { recursive: true });
    // Whoever is signed in may be a host: what the place holds is for them to read, and folders of runs to work in.
    openToSessions(place.root, 'read');
    openToSessions(place.runs, 'change');
  }
  writeWhole(place.key, JSON.stringify(key), 0o640);
  if (platform !== 'win32') giveTo(place.key, statSync(place.root).gid, 0o640);
  if (platform === 'win32') verifyUnchanged(place);
  return key;
}

/** A host's and a worker's part. Throws a Fault: WORKER_PLACE_UNSAFE, WORKER_PLACE_MISSING, AGENT_NOT_RUNNING. */
export function readPlace(place: Place, platform: NodeJS.Platform): PlaceKey {
  if (platform !== 'win32') verifyOthers(place);
  try {
    if (platform === 'win32') verifyUnchanged(place);
    return Key.parse(JSON.parse(readFileSync(place.key, 'utf8')));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') throw new Fault('AGENT_NOT_RUNNING', `no agent has been at ${place.root} yet`);
    if (error instanceof Fault && error.code === 'WORKER_PLACE_UNSAFE') throw error;
    throw new Fault('WORKER_PLACE_UNSAFE', `${place.key} cannot be used: is this user in the group of ${place.root}?`, {
      cause: error,
    });
  }
}

/** On Windows: whoever made the folder first, or may change the key, could be taken for the agent. */
function verifyUnchanged(place: Place): void {
  const problem = changeProblem(place.key);
  if (problem !== null) throw unsafe(problem);
}

/** The workers' group. */
function verifyOwn(place: Place): number {
  const { uid, gid, mode } = statsOf(place.root);
  const own = process.getuid?.();
  if (uid !== own) throw unsafe(`${place.root} belongs to uid ${uid}: give it to uid ${own}, the agent's`);
  if ((mode & 0o027) !== 0) throw unsafe(`${place.root} is open to others, or its group may write it: chmod 750 it`);
  if (gid !== process.getgid?.() && !(process.getgroups?.() ?? []).includes(gid)) {
    throw unsafe(
      `the agent's user is not in the group ${gid} of ${place.root}: add it, so that it can read what jobs write`,
    );
  }
  return gid;
}

/** Whoever could put another socket there could be taken for the agent. */
function verifyOthers(place: Place): void {
  const { uid: agent, mode } = statsOf(place.root);
  if ((mode & 0o022) !== 0) throw unsafe(`others than its owner may write ${place.root}: chmod 750 it`);
  for (let folder = dirname(place.root); ; folder = dirname(folder)) {
    const { uid, mode: open } = lstatSync(folder);
    if (uid !== 0 && uid !== agent) throw unsafe(`${folder} belongs to uid ${uid}: give it to root`);
    if ((open & 0o022) !== 0 && (open & 0o1000) === 0) throw unsafe(`others may write ${folder}: chmod go-w it`);
    if (dirname(folder) === folder) break;
  }
  const socket = lstatSync(place.socket, { throwIfNoEntry: false });
  if (socket === undefined) throw new Fault('AGENT_NOT_RUNNING', `no agent listens at ${place.socket}`);
  if (!socket.isSocket() || socket.uid !== agent) throw unsafe(`${place.socket} is no socket of uid ${agent}`);
}

function statsOf(folder: string): { uid: number; gid: number; mode: number } {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (found?.isDirectory() === true) return found;
  const text = `there is no folder ${folder}: make it, owned by the agent's user and the workers' group, mode 750`;
  throw new Fault('WORKER_PLACE_MISSING', text);
}

/** Its group is given, not handed down by the folder above: an agent under a service manager may set no such bit. */
function makeFolder(folder: string, group: number, mode: number): void {
  try {
    mkdirSync(folder);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    if (!lstatSync(folder).isDirectory()) throw unsafe(`${folder} is no folder: remove it`);
  }
  giveTo(folder, group, mode);
}

function unsafe(problem: string): Fault {
  return new Fault('WORKER_PLACE_UNSAFE', problem);
}
