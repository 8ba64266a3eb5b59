/**
 * A worker's end of its channel to the agent: Node's own, where the agent forked it, or a connection that it dials, where a
 * worker host started it. What goes over it is the same.
 */
import { lstatSync } from 'node:fs';
import { dirname, sep } from 'node:path';
import { z } from 'zod';
import { takeInOrphans } from '../linux/index.ts';
import { giveTo } from '../shared-file.ts';
import type { FrameLink } from './frames.ts';
import { dialAgent } from './handshake.ts';
import { TO_WORKER_BYTES } from './messages.ts';
import { noteEnds } from './strays.ts';

const TICKET_BYTES = 10_000;

/** What a worker is started with, on its standard input. */
const WorkerTicket = z.object({
  socket: z.string().max(300),
  marker: z.uuid(),
  ticket: z.string().regex(/^[0-9a-f]{64}$/),
  version: z.string().max(50),
});
export type WorkerTicket = z.infer<typeof WorkerTicket>;

export interface AgentLink {
  send(message: unknown): void;
  /** From now on: who gets the agent's messages, and who hears that there will be none any more. */
  listen(onMessage: (raw: unknown) => void, onEnd: () => void): void;
  /** Before a file is handed over: the agent is perhaps another user, and can read it then. */
  share(file: string, runFolder: string): void;
  /** The last was said; resolves when it has left. */
  close(): Promise<void>;
}

/** Opens the channel that this process was started with. What it will start stays below it until it ends (`linux/orphans.ts`). */
export async function openAgentLink(): Promise<AgentLink> {
  if (process.platform === 'linux') takeInOrphans();
  noteEnds();
  if (process.send !== undefined) return forkedLink();
  const { socket, marker, ticket, version } = WorkerTicket.parse(JSON.parse(await standardInput()));
  const { link } = await dialAgent({ socket, as: 'worker', id: marker, key: ticket, version });
  return dialledLink(link);
}

function forkedLink(): AgentLink {
  return {
    send: (message) => {
      if (process.connected) process.send?.(message);
    },
    listen: (onMessage, onEnd) => {
      process.on('message', onMessage);
      process.on('disconnect', onEnd);
    },
    share: () => undefined,
    close: () => {
      process.removeAllListeners('disconnect');
      process.disconnect();
      return Promise.resolve();
    },
  };
}

function dialledLink(link: FrameLink): AgentLink {
  return {
    send: (message) => void link.send(message),
    listen: (onMessage, onEnd) => {
      link.reads({ maxBytes: TO_WORKER_BYTES, onFrame: onMessage, onEnd });
      link.resume();
    },
    share,
    close: () => link.end(),
  };
}

/** Opens a file, and the folders of the run on the way to it, to the group of the run's folder. */
function share(file: string, runFolder: string): void {
  if (process.platform === 'win32') return;
  const own = process.getuid?.();
  const { gid } = lstatSync(runFolder);
  for (let path = file; path.startsWith(runFolder + sep); path = dirname(path)) {
    const { uid, mode } = lstatSync(path);
    if (uid !== own) continue;
    if ((mode & 0o170000) === 0o100000) giveTo(path, gid, 0o640);
    if ((mode & 0o170000) === 0o040000) giveTo(path, gid, 0o770);
  }
}

async function standardInput(): Promise<string> {
  let text = '';
  for await (const piece of process.stdin.setEncoding('utf8')) {
    text += piece as string;
    if (text.length > TICKET_BYTES) throw new Error('too long a ticket');
  }
  return text;
}
