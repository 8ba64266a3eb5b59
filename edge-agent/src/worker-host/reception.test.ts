/** Who comes to the place of an agent, and is not what it says: impostors, halves of frames, floods, what others left there. */
import { spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FrameLink } from './frames.ts';
import { dialAgent, type Dial, freshNonce } from './handshake.ts';
import { type Hosted, makePlaceIn, openHosted, VERSION } from './hosted-for-tests.ts';
import { FROM_WORKER_BYTES, HELLO_BYTES, ToHost } from './messages.ts';
import { MARKER_VARIABLE, startTicksOf } from '../runner/process-tree.ts';
import { openPlace, readPlace } from './place.ts';
import { openReception } from './reception.ts';

let folder = '';
let hosted: Hosted;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'casare-place-'));
  hosted = await openHosted(makePlaceIn(folder));
});
afterEach(async () => {
  await hosted.workers.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** How the right host dials. */
function asHost(change: Partial<Dial> = {}): Dial {
  const { socket, key } = readPlace(hosted.place, process.platform);
  return { as: 'host', id: '', version: VERSION, socket, key, ...change };
}

const refusal = (dial: Dial): Promise<string> =>
  dialAgent(dial).then(
    () => 'admitted',
    (error: unknown) => (error as { code: string }).code,
  );

/** A host that is admitted and does nothing; what it is told. */
async function idleHost(): Promise<{ link: FrameLink; told: ToHost[]; say: (message: unknown) => void }> {
  const { link } = await dialAgent(asHost());
  const told: ToHost[] = [];
  link.reads({ maxBytes: 1e6, onFrame: (raw) => told.push(ToHost.parse(raw)), onEnd: () => undefined });
  link.resume();
  return { link, told, say: (message) => void link.send(message) };
}

test('a host is admitted by the key, and is whose process it is by the word of the system', async () => {
  await idleHost();
  expect(hosted.workers.identities).toEqual([`uid ${process.getuid?.()}`]);
  expect(hosted.workers.isWorkers(process.getuid?.() ?? 0)).toBe(true);
  expect(readdirSync(hosted.place.root).toSorted()).toEqual(['host.sock', 'key.json', 'runs']);
});

test('without the key or the version of the agent nobody is a host, and each user has one', async () => {
  expect(await refusal(asHost({ key: freshNonce() }))).toBe('WORKER_CHANNEL_REFUSED');
  expect(await refusal(asHost({ version: '0.0.1' }))).toBe('WORKER_HOST_VERSION');
  await idleHost();
  expect(await refusal(asHost())).toBe('WORKER_HOST_REFUSED');
});

test.skipIf(process.platform !== 'linux')(
  'without the word of the system nobody is a host, whatever it knows',
  async () => {
    const place = makePlaceIn(mkdtempSync(join(folder, 'mute-')));
    const [said, admitted]: [string[], unknown[]] = [[], []];
    const server = await openReception({
      ...{ place, key: openPlace(place, process.platform), platform: process.platform, version: VERSION, settings: {} },
      ...{ refuses: () => null, ticketOf: () => null, onWorker: () => undefined },
      log: (_, message) => said.push(message),
      onHost: (host) => admitted.push(host),
    });
    // As where Node no longer tells the number of a socket's file, by which the system is asked.
    server.prependListener('connection', (socket) => {
      Object.defineProperty((socket as unknown as { _handle: object })._handle, 'fd', { value: undefined });
    });
    expect(await refusal(asHost(readPlace(place, process.platform)))).toBe('WORKER_CHANNEL_REFUSED');
    expect(said.join()).toContain('the system does not say whose process it is');
    expect(admitted).toEqual([]);
    server.close();
  },
);

test('whoever is refused is told why and cut off, though it keeps its end open and goes on sending', async () => {
  const { socket: at } = asHost();
  const refused = Array.from({ length: 300 }, async () => {
    const socket = createConnection({ path: at, allowHalfOpen: true });
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.on('error', () => undefined);
    const told = new Promise<unknown>((resolve) => {
      const link = new FrameLink(socket, {
        ...{ maxBytes: HELLO_BYTES, onEnd: resolve },
        onFrame: (raw) => {
          const { type, code } = raw as Record<string, string>;
          if (type !== 'challenge') return resolve(code);
          const [nonce, proof] = [freshNonce(), freshNonce()];
          link.send({ type: 'hello', as: 'worker', id: randomUUID(), nonce, proof, version: VERSION });
        },
      });
    });
    const code = await told;
    const flood = (error?: Error | null): void => {
      if (error === undefined || error === null) socket.write(Buffer.alloc(65_536), flood);
    };
    flood();
    await closed;
    return code;
  });
  // More than may be open at once: some find no place, and all that do are told why and lose it.
  const codes = await Promise.all(refused);
  expect(codes.filter((code) => code === 'WORKER_CHANNEL_REFUSED').length).toBeGreaterThan(200);
  await idleHost();
}, 30_000);

test('a worker is admitted by its ticket, once; a ticket of another one does not do', async () => {
  const { told } = await idleHost();
  // The spare worker that every host is asked for.
  const spawn = await vi.waitFor(() => told.find((order) => order.type === 'spawn')!);
  const { socket } = asHost();
  const dial = { as: 'worker', socket, version: VERSION, id: spawn.marker, key: spawn.ticket } as const;
  expect(await refusal({ ...dial, id: randomUUID() })).toBe('WORKER_CHANNEL_REFUSED');
  expect(await refusal({ ...dial, key: freshNonce() })).toBe('WORKER_CHANNEL_REFUSED');
  expect(await refusal(dial)).toBe('admitted');
  expect(await refusal(dial)).toBe('WORKER_CHANNEL_REFUSED');
});

test('who says nothing, half a frame, or too much of one before it has proved itself is sent away', async () => {
  const say = (bytes: Buffer): Promise<unknown> => closedAfter(hosted.place.socket, bytes);
  const header = (length: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(length);
    return bytes;
  };
  await Promise.all([
    say(Buffer.alloc(0)),
    say(header(100).subarray(0, 3)),
    say(Buffer.concat([header(100), Buffer.from('{"type":')])),
    say(header(HELLO_BYTES + 1)),
    say(Buffer.concat([header(4), Buffer.from('nope')])),
    say(Buffer.alloc(1_000_000, 0x41)),
  ]);
  await idleHost();
  expect(hosted.workers.identities).toHaveLength(1);
}, 30_000);

test('a host that says what is no message is one no more; a worker that does is killed, and its host stays', async () => {
  const first = await idleHost();
  first.say({ type: 'take over' });
  await vi.waitFor(() => expect(hosted.workers.identities).toEqual([]));
  const { told } = await idleHost();
  const spawn = await vi.waitFor(() => told.find((order) => order.type === 'spawn')!);
  const { socket } = asHost();
  const worker = await dialAgent({ as: 'worker', socket, version: VERSION, id: spawn.marker, key: spawn.ticket });
  worker.link.send({ type: 'ready' });
  worker.link.send({ type: 'take over' });
  await vi.waitFor(() => expect(told).toContainEqual({ type: 'kill', marker: spawn.marker }));
  expect(hosted.workers.identities).toHaveLength(1);
});

test('a desktop job waits for a session that is not locked (the session is a double of one of Windows)', async () => {
  const { told, say } = await idleHost();
  const session = { id: 1, user: 'anna', isConnected: true, isLocked: true, width: 800, height: 600, dpi: 96 };
  const browser = { ok: false, path: null, version: null, sandbox: false, why: null };
  say({ type: 'session', session });
  say({ type: 'probed', browser, desktop: { ok: true, found: 'a screen', many: false } });
  await vi.waitFor(() => expect(hosted.workers.probed).toHaveLength(1));
  expect([hosted.workers.desktops, hosted.workers.sessions]).toEqual([0, [session]]);
  const worker = hosted.workers.take('desktop');
  expect(worker.isWaiting).toBe(true);
  say({ type: 'session', session: { ...session, isLocked: false } });
  const isStarted = (marker: string): boolean =>
    told.some((order) => order.type === 'spawn' && order.marker === marker);
  await vi.waitFor(() => expect(isStarted(worker.marker)).toBe(true));
  // One screen, one run; the next has it once nothing of the first is left.
  const next = hosted.workers.take('desktop');
  expect(next.isWaiting).toBe(true);
  say({ type: 'exit', marker: worker.marker, why: 'exit code 0' });
  await vi.waitFor(() => expect(isStarted(next.marker)).toBe(true));
});

test('where workers end with their host, nobody waits for a session that never comes back (a double of Windows)', async () => {
  await hosted.workers.stop();
  const record = { pid: 7, startTicks: 0, marker: randomUUID(), host: 'session 2' };
  hosted = await openHosted(hosted.place, 200);
  // Of an earlier agent, and of a host that goes now.
  const earlier = hosted.workers.clear(record);
  const { link, told } = await idleHost();
  const worker = hosted.workers.take('plain');
  await vi.waitFor(() => expect(told.some((order) => 'marker' in order && order.marker === worker.marker)).toBe(true));
  link.destroy();
  expect(await worker.exited).toBe('its worker host ended');
  expect(await earlier).toBeUndefined();
});

test('what an earlier agent forked itself, before it had a place for hosts, is ended by the agent', async () => {
  const marker = randomUUID();
  const env = { ...process.env, [MARKER_VARIABLE]: marker };
  const { pid = 0 } = spawn('sleep', ['600'], { detached: true, stdio: 'ignore', env });
  const startTicks = startTicksOf(pid) ?? 0;
  expect(hosted.workers.clear({ pid, startTicks, marker })).toBeNull();
  await vi.waitFor(() => expect(startTicksOf(pid)).toBeNull());
});

test('where they need not, the next host of the user is waited for', async () => {
  const { link } = await idleHost();
  const worker = hosted.workers.take('plain');
  await vi.waitFor(() => expect(worker.isWaiting).toBe(false));
  link.destroy();
  await vi.waitFor(() => expect(hosted.workers.identities).toEqual([]));
  const next = await idleHost();
  const reap = await vi.waitFor(() => next.told.find((order) => order.type === 'reap')!);
  expect(reap.markers).toContain(worker.marker);
  next.say({ type: 'done', request: reap.request });
  expect(await worker.exited).toBe('its worker host ended');
});

test('a worker that floods with questions is not read beyond a bound', async () => {
  const { told } = await idleHost();
  const worker = hosted.workers.take('plain');
  const asked: number[] = [];
  worker.attach(
    (message) => {
      if ('request' in message) asked.push(message.request);
    },
    () => undefined,
  );
  const spawn = await vi.waitFor(
    () => told.find((order) => order.type === 'spawn' && order.marker === worker.marker) as { ticket: string },
  );
  const { socket } = asHost();
  const dial = { as: 'worker', socket, version: VERSION, id: worker.marker, key: spawn.ticket } as const;
  const { link } = await dialAgent(dial);
  const body = { type: 'run.log', level: 'info', message: 'x' };
  for (let request = 1; request <= 5_000; request += 1) link.send({ type: 'record', request, body });
  await vi.waitFor(() => expect(asked.length).toBeGreaterThan(500));
  expect(asked.length).toBeLessThan(600);
  for (let done = 0; done < 5_000; done += 1) {
    await vi.waitFor(() => expect(asked.length).toBeGreaterThan(done), { interval: 1 });
    worker.send({ type: 'recorded', request: asked[done]!, seq: done });
  }
  expect(asked).toEqual(Array.from({ length: 5_000 }, (_, index) => index + 1));
});

test('a frame that is larger than any message may be ends its worker at once', async () => {
  const { told } = await idleHost();
  const spawn = await vi.waitFor(() => told.find((order) => order.type === 'spawn')!);
  const closed = new Promise<string>((resolve) => {
    const { socket } = asHost();
    const dial = { as: 'worker', socket, version: VERSION, id: spawn.marker, key: spawn.ticket } as const;
    void dialAgent(dial).then(({ link }) => {
      link.reads({ maxBytes: 1e6, onFrame: () => undefined, onEnd: resolve });
      link.resume();
      link.send('x'.repeat(FROM_WORKER_BYTES + 1));
    });
  });
  await closed;
  await vi.waitFor(() => expect(told).toContainEqual({ type: 'kill', marker: spawn.marker }));
});

test('a socket that a killed agent left is replaced, one that somebody listens at is not', async () => {
  await expect(openHosted(hosted.place)).rejects.toMatchObject({ code: 'WORKER_PLACE_TAKEN' });
  await hosted.workers.stop();
  await vi.waitFor(() => expect(existsSync(hosted.place.socket)).toBe(false));
  // As kill -9 leaves it: bound once, and nobody listens.
  const script = `require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', script, hosted.place.socket]);
  expect(statSync(hosted.place.socket).isSocket()).toBe(true);
  hosted = await openHosted(hosted.place);
  await idleHost();
});

test('a host comes to no place that others could have made, and to no agent that does not know the key', async () => {
  const { place } = hosted;
  chmodSync(place.root, 0o770);
  expect(() => readPlace(place, process.platform)).toThrow('others than its owner may write');
  chmodSync(place.root, 0o750);
  chmodSync(folder, 0o777);
  expect(() => readPlace(place, process.platform)).toThrow(`others may write ${folder}`);
  chmodSync(folder, 0o700);
  const { key } = asHost();
  await hosted.workers.stop();
  const impostor = await listenAs(place.socket, (socket) => {
    const link = new FrameLink(socket, {
      ...{ maxBytes: HELLO_BYTES, onEnd: () => undefined },
      onFrame: () => link.send({ type: 'admitted', proof: freshNonce(), settings: {} }),
    });
    link.send({ type: 'challenge', nonce: freshNonce() });
  });
  expect(await refusal({ as: 'host', id: '', version: VERSION, socket: place.socket, key })).toBe('AGENT_UNPROVED');
  impostor.close();
});

test('an agent opens no place that its group may write or others enter; the key is new at every start', () => {
  const place = makePlaceIn(mkdtempSync(join(folder, 'other-')));
  for (const mode of [0o770, 0o755]) {
    chmodSync(place.root, mode);
    expect(() => openPlace(place, process.platform)).toThrow('chmod 750 it');
  }
  chmodSync(place.root, 0o750);
  const { key } = openPlace(place, process.platform);
  expect((statSync(place.key).mode & 0o777).toString(8)).toBe('640');
  expect(openPlace(place, process.platform).key).not.toBe(key);
  expect(readFileSync(place.key, 'utf8')).not.toContain(key);
});

function listenAs(path: string, onConnection: (socket: Socket) => void): Promise<Server> {
  const server = createServer(onConnection);
  return new Promise((resolve) => server.listen(path, () => resolve(server)));
}

function closedAfter(path: string, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    socket.on('error', () => undefined);
    socket.resume();
    socket.on('close', () => resolve());
    socket.on('connect', () => socket.write(bytes));
  });
}
