/** A worker host where the system has no room for another worker: those that it has go on. */
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startTicksOf } from '../runner/process-tree.ts';
import type { FrameLink } from './frames.ts';
import { freshNonce } from './handshake.ts';
import { type HostProcess, makePlaceIn, spawnHost, VERSION } from './hosted-for-tests.ts';
import { FromHost, HOST_BYTES } from './messages.ts';
import { openPlace } from './place.ts';
import { openReception } from './reception.ts';

const WORKER = new URL('../runner/scripted-worker-for-tests.ts', import.meta.url);
const SLOW = { timeout: 30_000 };

let folder = '';
let server: Server;
let host: HostProcess;
let link: FrameLink | null = null;
let said: FromHost[] = [];
/** The temporary folders of workers. */
const ofWorkers = (): string[] => readdirSync(scratch()).filter((name) => name.startsWith('casare-'));
const tickets = new Map<string, string>();

/** The temporary folder of the host, in which each worker has one. */
const scratch = (): string => join(folder, 'tmp');

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'casare-host-'));
  mkdirSync(scratch());
  [link, said] = [null, []];
  const place = makePlaceIn(folder);
  server = await openReception({
    ...{ place, platform: process.platform, version: VERSION, settings: {}, refuses: () => null },
    key: openPlace(place, process.platform),
    log: () => undefined,
    ticketOf: (marker) => tickets.get(marker) ?? null,
    onWorker: () => undefined,
    onHost: (admitted) => {
      const onFrame = (raw: unknown): void => void said.push(FromHost.parse(raw));
      admitted.link.reads({ maxBytes: HOST_BYTES, onFrame, onEnd: () => (link = null) });
      link = admitted.link;
    },
  });
  host = spawnHost(place, WORKER, { TMPDIR: scratch() });
  await vi.waitFor(() => expect(link, host.output).not.toBeNull(), SLOW);
});
afterEach(async () => {
  host.child.kill('SIGTERM');
  await host.ended;
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What the host says of a worker that it is told to start. */
async function spawned(): Promise<Extract<FromHost, { type: 'spawned' | 'exit' }>> {
  const [marker, ticket] = [randomUUID(), freshNonce()];
  tickets.set(marker, ticket);
  link?.send({ type: 'spawn', marker, ticket });
  const answer = await vi.waitFor(() => {
    const ofIt = said.filter((message) => 'marker' in message && message.marker === marker);
    const found = ofIt.find(({ type }) => type === 'exit') ?? ofIt.find((one) => one.type === 'spawned' && one.pid > 0);
    expect(found, host.output).toBeDefined();
    return found;
  }, SLOW);
  return answer as Extract<FromHost, { type: 'spawned' | 'exit' }>;
}

/** One that has been started lives on, and others are started again. */
async function expectAlive(first: Awaited<ReturnType<typeof spawned>>): Promise<void> {
  const { pid, startTicks } = first as Extract<FromHost, { type: 'spawned' }>;
  expect((await spawned()).type).toBe('spawned');
  expect(startTicksOf(pid)).toBe(startTicks);
  expect(link).not.toBeNull();
}

test('where no temporary folder can be made, as on a full disk, a worker ends with why; host and other workers go on', async () => {
  const first = await spawned();
  renameSync(scratch(), `${scratch()}.away`);
  writeFileSync(scratch(), '');
  expect(await spawned()).toMatchObject({ type: 'exit', why: expect.stringContaining('ENOTDIR') as string });
  rmSync(scratch());
  renameSync(`${scratch()}.away`, scratch());
  await expectAlive(first);
});

const noLimits = spawnSync('prlimit', ['--version']).error === undefined ? null : 'prlimit is not installed';

test.skipIf(noLimits !== null)(
  'where no file can be opened any more, just so; nothing of the worker stays',
  async () => {
    const limit = (files: number): void => {
      const { stderr, status } = spawnSync('prlimit', [`--pid=${host.child.pid}`, `--nofile=${files}:`]);
      expect(status, String(stderr)).toBe(0);
    };
    const first = await spawned();
    const before = ofWorkers();
    limit(3);
    expect(await spawned()).toMatchObject({ type: 'exit', why: expect.stringContaining('EMFILE') as string });
    limit(1_024);
    expect(ofWorkers()).toEqual(before);
    await expectAlive(first);
  },
);

/** Command lines of what runs with the folder of this test. */
const running = (): string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== host.child.pid)
    .map((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, 'utf8');
      } catch {
        return '';
      }
    })
    .filter((command) => command.includes(folder));

const noDisplay = spawnSync('Xvfb', ['-help']).error === undefined ? null : 'Xvfb is not installed';

test.skipIf(noDisplay !== null)('told to stop while it tries a display, it leaves none running', async () => {
  await vi.waitFor(() => expect(running().join()).toContain('Xvfb'), SLOW);
  host.child.kill('SIGTERM');
  await host.ended;
  expect(running()).toEqual([]);
});
