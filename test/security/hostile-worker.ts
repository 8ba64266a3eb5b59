/**
 * A worker that has been taken over: it runs where the product's worker does, as the same user and with the same connection,
 * and tries what its input says. What came of each it reports as the output of its run.
 */
import { spawnSync } from 'node:child_process';
import { appendFileSync, linkSync, openSync, readdirSync, readFileSync, readSync, renameSync, rmSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { join } from 'node:path';
import { z } from 'zod';
import { WorkerChannel } from '../../edge-agent/src/runner/worker-channel.ts';
import { agentVersion } from '../../edge-agent/src/service/machine.ts';
import { FrameLink } from '../../edge-agent/src/worker-host/frames.ts';
import { freshNonce, proofOf } from '../../edge-agent/src/worker-host/handshake.ts';
import { HELLO_BYTES } from '../../edge-agent/src/worker-host/messages.ts';
import { placeOf, readPlace } from '../../edge-agent/src/worker-host/place.ts';
import { openAgentLink } from '../../edge-agent/src/worker-host/worker-link.ts';

/** What is tried, with a path, the number of a process, or both in turn. */
export const Attempt = z.object({
  how: z.enum([
    ...['read', 'write', 'list', 'remove', 'rename', 'link', 'kill', 'trace', 'memory', 'connect', 'listen'],
    'host',
  ] as const),
  at: z.string(),
});
export type Attempt = z.infer<typeof Attempt>;

const link = await openAgentLink();
const channel = new WorkerChannel((message) => link.send(message));
const duties = {
  start: (start: { assignment: { input?: unknown }; runFolder: string }): void => {
    void attack(z.array(Attempt).parse(start.assignment.input), start.runFolder);
  },
  cancel: () => undefined,
  pause: () => undefined,
};
link.listen(
  (raw) => channel.receive(raw, duties),
  () => process.exit(1),
);
channel.ready();

async function attack(attempts: readonly Attempt[], runFolder: string): Promise<void> {
  const output: string[] = [];
  for (const attempt of attempts) {
    const result = await perform(attempt, runFolder).then(
      () => 'done',
      (error: unknown) => (error as { code?: string }).code ?? String(error),
    );
    output.push(`${attempt.how} ${attempt.at}: ${result}`);
  }
  await channel.record({ type: 'run.completed', output });
  await link.close();
  process.exit(0);
}

async function perform({ how, at }: Attempt, runFolder: string): Promise<void> {
  if (how === 'read') readFileSync(at);
  else if (how === 'write') appendFileSync(at, '\n');
  else if (how === 'list') readdirSync(at);
  else if (how === 'remove') rmSync(at);
  else if (how === 'rename') renameSync(at, `${at}.old`);
  else if (how === 'link') linkSync(at, join(runFolder, 'files', 'linked'));
  else if (how === 'kill') process.kill(Number(at), 'SIGKILL');
  else if (how === 'memory') readSync(openSync(`/proc/${at}/mem`, 'r+'), new Uint8Array(1));
  else if (how === 'connect') await connected(at);
  else if (how === 'listen') await listening(at);
  else if (how === 'host') await asHost(at);
  else {
    // Looks into the process as a debugger does, with what the system has for it.
    const { status } = spawnSync(process.execPath, ['-e', `require('fs').readlinkSync('/proc/${at}/exe')`]);
    if (status !== 0) throw new Error('refused');
  }
}

function connected(path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
}

/** Dials the agent as a host, by the key that its group may read. */
function asHost(socket: string): Promise<void> {
  const place = placeOf(socket);
  const { key } = readPlace(place, process.platform);
  return new Promise((resolve, reject) => {
    const refused = (code: string): void => reject(Object.assign(new Error(code), { code }));
    const link = new FrameLink(createConnection(socket), {
      ...{ maxBytes: HELLO_BYTES, onEnd: refused },
      onFrame: (raw) => {
        const { type, nonce = '', code = '' } = raw as Record<string, string>;
        if (type === 'admitted') return resolve();
        if (type === 'refused') return refused(code);
        const own = freshNonce();
        const proof = proofOf(key, 'host ', [nonce, own]);
        link.send({ type: 'hello', as: 'host', id: '', nonce: own, proof, version: agentVersion() });
      },
    });
  });
}

function listening(path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    createServer().once('error', reject).listen(path, resolve);
  });
}
