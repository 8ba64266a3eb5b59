/**
 * The agent's local socket: whoever may enter the agent home asks for the status, and gets one line of JSON. It serves
 * `status` and `healthcheck`; nothing listens on a port. `status.json` keeps the last status for when no agent runs.
 */
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { createConnection, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SlotKind, Slots } from '@casare/shared/protocol';
import { z } from 'zod';
import { Fault } from '../fault.ts';
import type { AgentHome } from '../identity/index.ts';
import { folded } from '../windows/index.ts';

/** Unix socket paths are limited (108 bytes on Linux, 104 elsewhere, with the final zero). */
const SOCKET_PATH_BYTES = 100;
const ANSWER_MS = 3_000;
const ANSWER_BYTES = 1_048_576;

export const Status = z.object({
  agentId: z.string(),
  tenant: z.string(),
  name: z.string(),
  version: z.string(),
  pid: z.int(),
  startedAt: z.iso.datetime(),
  /** State of the tunnel, since when, and why it is not live. */
  tunnel: z.object({ state: z.string(), since: z.iso.datetime(), url: z.string(), why: z.string().optional() }),
  /** How the control plane is reached. */
  network: z.string().optional(),
  /** Steps that must not be repeated may start. */
  leased: z.boolean(),
  slots: Slots,
  capabilities: z.array(z.string()),
  browser: z.string(),
  /** Absent from agents of before. */
  desktop: z.string().optional(),
  certificateUntil: z.iso.datetime(),
  /** Counts the agent's certificates; known of one that came over the tunnel since the start. */
  certificateGeneration: z.int().optional(),
  /** Digest of the server roots that gateways are verified by. */
  bundle: z.string().optional(),
  /** Fingerprint of the key that secrets are sealed to: to be compared where one is sealed. */
  sealingKey: z.string().optional(),
  /** How private keys are kept. */
  keyStorage: z.string().optional(),
  /** The agent's own policy and the start of its digest, or why no job is taken. */
  policy: z.string().optional(),
  running: z.array(
    z.object({
      ...{ jobId: z.string(), attempt: z.int(), workflow: z.string() },
      slot: SlotKind.optional(),
      /** When it began, and the step that was started last. */
      since: z.string().nullable().optional(),
      step: z.string().nullable().optional(),
    }),
  ),
  /** Runs in the outbox that the control plane has not settled. */
  heldRuns: z.int(),
  /** How the control plane sees this agent, in its words, and the control plane's version; known since the first session. */
  agentState: z.string().optional(),
  controlPlane: z.string().optional(),
  /** What waits for the control plane. */
  outbox: z
    .object({
      ...{ events: z.int(), eventBytes: z.int(), oldest: z.string().nullable(), files: z.int(), fileBytes: z.int() },
    })
    .optional(),
  /** What last went wrong since the start; null for nothing. */
  lastError: z
    .object({ at: z.string(), level: z.enum(['warn', 'error']), message: z.string() })
    .nullable()
    .optional(),
});
export type Status = z.infer<typeof Status>;

/** Serves the status. Resolves when the socket listens; a socket that cannot be made is an error of the caller. */
export function serveStatus(home: AgentHome, status: () => Status): Promise<Server> {
  const path = socketPath(home);
  if (process.platform !== 'win32') rmSync(path, { force: true });
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.setTimeout(ANSWER_MS, () => socket.destroy());
    const answer = (): unknown => socket.end(`${JSON.stringify(status())}\n`);
    // Windows lets everybody read from a pipe, and only its maker, administrators and the system write: who writes is let in.
    if (process.platform === 'win32') socket.once('data', answer);
    else answer();
  });
  server.maxConnections = 16;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => resolve(server));
  });
}

/** The last status that an agent of this home has kept; null when there is none that can be read. */
export function keptStatus(home: AgentHome): Status | null {
  try {
    if (statSync(home.status).size > ANSWER_BYTES) return null;
    return Status.parse(JSON.parse(readFileSync(home.status, 'utf8')));
  } catch {
    return null;
  }
}

/** Asks the running agent. Throws AGENT_NOT_RUNNING. */
export async function askStatus(home: AgentHome): Promise<Status> {
  const text = await new Promise<string>((resolve, reject) => {
    const socket = createConnection(socketPath(home));
    let answer = '';
    socket.setEncoding('utf8');
    if (process.platform === 'win32') socket.write('status\n');
    socket.setTimeout(ANSWER_MS, () => socket.destroy(new Error('no answer')));
    socket.on('data', (chunk: string) => {
      answer += chunk;
      if (answer.length > ANSWER_BYTES) socket.destroy(new Error('too long an answer'));
    });
    socket.on('error', reject);
    socket.on('end', () => resolve(answer));
  }).catch((error: unknown) => {
    const text = `no agent runs on ${home.root}: start it with casare-agent run --home ${home.root}`;
    throw new Fault('AGENT_NOT_RUNNING', text, { cause: error });
  });
  return Status.parse(JSON.parse(text));
}

function socketPath(home: AgentHome): string {
  if (process.platform === 'win32') return pipeOf(home.root);
  if (Buffer.byteLength(home.socket) <= SOCKET_PATH_BYTES) return home.socket;
  return join(process.env['XDG_RUNTIME_DIR'] ?? tmpdir(), `casare-agent-${digestOf(home.root)}.sock`);
}

/** The pipe of a home on Windows: the service and a person may write the same folder in other capitals. */
export function pipeOf(root: string): string {
  return `\\\\.\\pipe\\casare-agent-${digestOf(folded(root))}`;
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 24);
}
