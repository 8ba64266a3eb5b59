import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CLOSE, type JobAssign, SERVER_FRAME_BYTES, type ServerMessage } from '@casare/shared/protocol';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { WebSocket } from 'ws';
import { systemClock } from '../clock.ts';
import { createTestPki, type TestPki } from '../identity/pki-for-tests.ts';
import { Network } from '../network/index.ts';
import { Outbox, StoredAssignment } from '../outbox/index.ts';
import { assignment, logLine } from '../outbox/outbox-for-tests.ts';
import { Tunnel, type TunnelPort, type TunnelState } from './index.ts';
import { ProtocolPeer } from './protocol-peer-for-tests.ts';

const WELCOME = {
  ...{ type: 'welcome', session: '01a213fb-9e44-76d9-817b-292adace1735', runs: [] },
  ...{ pingMs: 15_000, deadMs: 45_000, leaseMs: 60_000 },
} satisfies ServerMessage;

let pki: TestPki;
let folder = '';
let outbox: Outbox;
let peer: ProtocolPeer;
let tunnel: Tunnel;
/** What the agent throws at a fencing. */
let fault: Error | null;
/** Makes the next greeting break the contract. */
let unfit: boolean;
/** What the tunnel told the agent. */
let told: {
  states: TunnelState[];
  stayed: string[];
  tookOver: number;
  codes: number[];
  leases: number[];
  assigned: JobAssign[];
  cancelled: string[];
  acknowledged: number;
  refused: string[];
  /** Verdicts and leases in the order they came. */
  order: ('verdicts' | 'lease')[];
};

beforeAll(async () => {
  pki = await createTestPki();
});
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'casare-tunnel-'));
  outbox = Outbox.open({ file: join(folder, 'outbox.db') });
  peer = await ProtocolPeer.start(pki);
  [fault, unfit] = [null, false];
  told = {
    ...{ states: [], stayed: [], tookOver: 0, codes: [], leases: [] },
    ...{ assigned: [], cancelled: [], acknowledged: 0, refused: [], order: [] },
  };
  tunnel = makeTunnel(peer.url);
});
afterEach(async () => {
  await tunnel.stop();
  await peer.stop();
  outbox.close();
  rmSync(folder, { recursive: true });
});

function makeTunnel(url: string): Tunnel {
  const port: TunnelPort = {
    greeting: () => ({
      instance: randomUUID(),
      epoch: 1,
      facts: { hostname: 'h', os: 'o', arch: 'a', agentVersion: '0', nodeVersion: '24' },
      capabilities: [unfit ? 'Not A Capability' : 'os=linux'],
      declared: [],
      slots: { plain: 1, browser: 0, desktop: 0 },
      runs: outbox.runs().map(({ jobId, attempt, lastSeq, phase }) => ({ jobId, attempt, lastSeq, phase })),
    }),
    welcomed: () => void told.order.push('verdicts'),
    assigned: (message) => told.assigned.push(message),
    cancelled: ({ jobId }) => void told.cancelled.push(jobId),
    paused: () => undefined,
    fenced: () => {
      if (fault !== null) throw fault;
    },
    acknowledged: (key, seq) => {
      told.acknowledged += 1;
      outbox.acknowledge(key, seq);
    },
    stored: (artifactId) => outbox.settleArtifact(artifactId, 'stored'),
    refused: (artifactId, code) => {
      told.refused.push(code);
      outbox.settleArtifact(artifactId, 'refused', code);
    },
    trust: () => undefined,
    renewed: (sentAt, leaseMs) => {
      told.order.push('lease');
      told.leases.push(sentAt.wall + leaseMs);
    },
    changed: (state, detail) => {
      told.states.push(state);
      if (detail.tookOver === true) told.tookOver += 1;
      if (detail.closeCode !== undefined) told.codes.push(detail.closeCode);
    },
    stayed: ({ why }) => void told.stayed.push(why ?? ''),
  };
  const pathOf = (artifactId: string): string => join(folder, artifactId);
  const network = new Network(join(folder, 'network.json'), {});
  return new Tunnel({
    network,
    url: () => url,
    tls: pki.clientTls,
    port,
    outbox,
    pathOf,
    clock: systemClock,
    random: () => 0,
  });
}

async function live(): Promise<void> {
  tunnel.start();
  await vi.waitFor(() => expect(tunnel.state).toBe('live'));
}

function acceptRun(): JobAssign {
  const assigned = assignment();
  outbox.accept(StoredAssignment.parse(assigned));
  return assigned;
}

function record(run: JobAssign, count: number): void {
  for (let n = 0; n < count; n += 1) outbox.append(run, new Date(), logLine(`line ${n}`));
  tunnel.wake(run);
}

function queueFile(run: JobAssign, content: Uint8Array): string {
  const artifactId = randomUUID();
  writeFileSync(join(folder, artifactId), content);
  const sha256 = createHash('sha256').update(content).digest('hex');
  const { jobId, attempt } = run;
  const file = { name: 'a.bin', kind: 'output', mediaType: 'application/octet-stream', position: null } as const;
  outbox.queueArtifact({ artifactId, jobId, attempt, ...file, sha256, bytes: content.length }, new Date());
  return artifactId;
}

test('greets over mutual TLS, goes live, and counts its lease from the moment the ping was sent', async () => {
  const before = Date.now();
  await live();
  expect(peer.hellos).toHaveLength(1);
  await vi.waitFor(() => expect(told.leases).toHaveLength(2));
  for (const until of told.leases) {
    expect(until).toBeGreaterThanOrEqual(before + 60_000);
    expect(until).toBeLessThanOrEqual(Date.now() + 60_000);
  }
});

test('verdicts come before the lease: a run that is fenced must not get leave to act first', async () => {
  await live();
  await vi.waitFor(() => expect(told.order.length).toBeGreaterThan(1));
  expect(told.order.slice(0, 2)).toEqual(['verdicts', 'lease']);
});

test('a fault whose text is long and not ASCII ends the session, not the agent', async () => {
  await live();
  const codes: number[] = [];
  peer.socket?.on('close', (code) => codes.push(code));
  fault = new Error('größer '.repeat(40));
  peer.send({ type: 'run.fenced', jobId: randomUUID(), attempt: 1, reason: 'no' });
  await vi.waitFor(() => expect(codes).toEqual([CLOSE.badMessage]));
  await vi.waitFor(() => expect(peer.hellos).toHaveLength(2), { timeout: 10_000 });
});

test('a greeting that cannot be made ends the session, not the agent', async () => {
  unfit = true;
  tunnel.start();
  await vi.waitFor(() => expect(told.states).toContain('waiting'));
  unfit = false;
  await vi.waitFor(() => expect(tunnel.state).toBe('live'), { timeout: 10_000 });
});

test('without an answer to its ping no lease is renewed', async () => {
  peer.answersPings = false;
  await live();
  await vi.waitFor(() => expect(peer.messagesOf('ping')).toHaveLength(1));
  expect(told.leases).toHaveLength(1);
});

test('after a cut every event is sent that was not acknowledged: no hole, nothing missing', async () => {
  peer.acknowledges = false;
  const run = acceptRun();
  await live();
  record(run, 500);
  await vi.waitFor(() => expect(peer.eventsOf(run)).toHaveLength(500));
  peer.verdicts = () => [{ ...keyOf(run), verdict: 'continue', ackedSeq: 300, secrets: {}, cancelling: false }];
  peer.acknowledges = true;
  peer.cut();
  record(run, 500);
  await vi.waitFor(() => expect(peer.eventsOf(run)).toHaveLength(1_000), { timeout: 10_000 });
  expect(peer.repeats).toBe(200);
  expect(peer.eventsOf(run).map((event) => event.seq)).toEqual(Array.from({ length: 1_000 }, (_, index) => index + 1));
  await vi.waitFor(() => expect(outbox.run(run)?.ackedSeq).toBe(1_000));
});

test('no more than the window is under way without an acknowledgement', async () => {
  peer.acknowledges = false;
  const run = acceptRun();
  await live();
  record(run, 1_500);
  await vi.waitFor(() => expect(peer.eventsOf(run)).toHaveLength(1_000));
  // a ping's answer comes after everything that was sent before it
  tunnel.send({ type: 'ping', n: 77 });
  await vi.waitFor(() => expect(peer.messagesOf('ping').map((ping) => ping.n)).toContain(77));
  expect(peer.eventsOf(run)).toHaveLength(1_000);
  peer.acknowledges = true;
  peer.acknowledge(run);
  await vi.waitFor(() => expect(peer.eventsOf(run)).toHaveLength(1_500));
});

test('a file is sent within its credit, and goes on at the offset where a cut left it', async () => {
  const content = randomBytes(700_000);
  const artifactId = queueFile(acceptRun(), content);
  peer.creditBytes = 131_072;
  peer.cutAfterBytes = 262_144;
  await live();
  await vi.waitFor(() => expect(peer.files.get(artifactId)?.stored).toBe(true), { timeout: 10_000 });
  expect(peer.files.get(artifactId)?.bytes.equals(content)).toBe(true);
  expect(peer.startedFrom).toEqual([0, 262_144]);
  await vi.waitFor(() => expect(outbox.artifact(artifactId)?.state).toBe('stored'));
});

test('an empty file and many files arrive; at most eight streams are open at once', async () => {
  const run = acceptRun();
  const ids = Array.from({ length: 20 }, (_, index) => queueFile(run, randomBytes(index * 1_000)));
  peer.acknowledges = false;
  await live();
  await vi.waitFor(() => expect(ids.every((id) => peer.files.get(id)?.stored)).toBe(true));
  const trace = peer.messages.map(({ type }) => type).filter((type) => type.startsWith('artifact'));
  let [streams, most] = [0, 0];
  for (const type of trace) {
    streams += type === 'artifact.open' ? 1 : -1;
    most = Math.max(most, streams);
  }
  expect(most).toBe(8);
});

test('a file that is gone is given up, and the tunnel lives', async () => {
  const artifactId = queueFile(acceptRun(), randomBytes(10));
  rmSync(join(folder, artifactId));
  await live();
  await vi.waitFor(() => expect(told.refused).toEqual(['ARTIFACT_LOST']));
  expect(tunnel.state).toBe('live');
});

test.each<[string, (socket: WebSocket) => void]>([
  ['garbage', (socket) => socket.send('{{{{')],
  ['an unknown type', (socket) => socket.send('{"type":"format.disk"}')],
  ['a message before welcome', (socket) => socket.send('{"type":"goaway","withinMs":0,"reason":""}')],
  ['binary', (socket) => socket.send(randomBytes(100))],
  ['a text of deep nesting', (socket) => socket.send('['.repeat(100_000))],
])('a hostile server that sends %s loses the session with 4400; the agent lives and dials again', async (_, attack) => {
  const codes: number[] = [];
  peer.hostile = (socket) => {
    socket.on('close', (code) => codes.push(code));
    attack(socket);
  };
  tunnel.start();
  await vi.waitFor(() => expect(codes.length).toBeGreaterThan(0));
  expect(codes[0]).toBe(CLOSE.badMessage);
  peer.hostile = null;
  await vi.waitFor(() => expect(tunnel.state).toBe('live'), { timeout: 10_000 });
});

test('a frame above the bound ends the session; the agent lives and dials again', async () => {
  const codes: number[] = [];
  peer.hostile = (socket) => {
    socket.on('close', (code) => codes.push(code));
    socket.send('x'.repeat(SERVER_FRAME_BYTES + 1));
  };
  tunnel.start();
  await vi.waitFor(() => expect(codes[0]).toBe(1009), { timeout: 10_000 });
  peer.hostile = null;
  await vi.waitFor(() => expect(tunnel.state).toBe('live'), { timeout: 10_000 });
});

test('goaway: a second session takes over while the first serves, and nothing is disconnected in between', async () => {
  const run = acceptRun();
  await live();
  record(run, 10);
  await vi.waitFor(() => expect(peer.eventsOf(run)).toHaveLength(10));
  peer.send({ type: 'goaway', withinMs: 1_000, reason: 'deploy' });
  await vi.waitFor(() => expect(peer.hellos).toHaveLength(2));
  await vi.waitFor(() => expect(tunnel.state).toBe('live'));
  expect(told.states).toEqual(['connecting', 'greeting', 'live', 'draining', 'live']);
  record(run, 10);
  await vi.waitFor(() => expect(peer.eventsOf(run)).toHaveLength(20));
  expect([told.codes, peer.repeats, told.tookOver]).toEqual([[], 0, 1]);
});

test('a second connection that fails changes nothing: the first serves on, and it is tried again', async () => {
  const codes: number[] = [];
  await live();
  const first = peer.socket!;
  first.on('close', (code) => codes.push(code));
  peer.hostile = (socket) => socket.terminate();
  tunnel.certificateReplaced();
  await vi.waitFor(() => expect(told.stayed.length).toBeGreaterThan(1));
  expect([tunnel.state, tunnel.isOutdated, codes]).toEqual(['live', true, []]);
  expect(told.states).toEqual(['connecting', 'greeting', 'live']);
  peer.hostile = null;
  await vi.waitFor(() => expect(tunnel.isOutdated).toBe(false), { timeout: 10_000 });
  await vi.waitFor(() => expect(codes).toEqual([CLOSE.goingAway]));
  expect(told.states).toEqual(['connecting', 'greeting', 'live', 'live']);
});

test.each([CLOSE.replaced, CLOSE.goingAway])(
  'a first session that ends with %i before the second is welcomed is no failure',
  async (code) => {
    await live();
    const first = peer.socket!;
    const welcomed = Promise.withResolvers<WebSocket>();
    peer.hostile = (socket) => welcomed.resolve(socket);
    tunnel.handOver(0);
    await welcomed.promise;
    first.close(code, 'a newer session took over');
    await vi.waitFor(() => expect(tunnel.state).toBe('greeting'));
    peer.hostile = null;
    peer.send(WELCOME);
    await vi.waitFor(() => expect(tunnel.state).toBe('live'));
    expect(told.states).toEqual(['connecting', 'greeting', 'live', 'connecting', 'greeting', 'live']);
    expect([told.codes, told.tookOver]).toEqual([[], 1]);
  },
);

test.each([
  ['is welcomed, and brings it again', false],
  ['fails', true],
])('what is assigned by the first session after the second has greeted waits until that one %s', async (_, fails) => {
  await live();
  const first = peer.socket!;
  const greeted = Promise.withResolvers<WebSocket>();
  peer.hostile = (socket) => greeted.resolve(socket);
  tunnel.handOver(0);
  const second = await greeted.promise;
  const run = assignment();
  const cancel = { type: 'job.cancel', ...keyOf(run), graceMs: 0, reason: 'of what waits' };
  // Messages are read in order: when the last is heard the others were, too.
  const last = { type: 'run.ack', jobId: randomUUID(), attempt: 1, seq: 1 };
  for (const message of [run, cancel, last]) first.send(JSON.stringify(message));
  await vi.waitFor(() => expect(told.acknowledged).toBe(1));
  expect([told.assigned, told.cancelled]).toEqual([[], []]);
  if (fails) second.terminate();
  else peer.send(WELCOME);
  await vi.waitFor(() => expect(told.tookOver + told.stayed.length).toBe(1));
  expect([told.assigned, told.cancelled]).toEqual(fails ? [[run], [run.jobId]] : [[], []]);
});

test('of a session that was taken over nothing is heard any more', async () => {
  await live();
  const first = peer.socket!;
  tunnel.handOver(0);
  await vi.waitFor(() => expect(peer.hellos).toHaveLength(2));
  const { jobId, attempt } = assignment();
  first.send(JSON.stringify({ type: 'job.cancel', jobId, attempt, graceMs: 0, reason: 'late' }));
  first.send('no message at all');
  await vi.waitFor(() => expect(first.readyState).toBe(first.CLOSED));
  expect(told.codes).toEqual([]);
  expect(tunnel.state).toBe('live');
});

test('another holder that takes over is not taken for a second connection of ours', async () => {
  await live();
  peer.socket?.close(CLOSE.replaced, 'a newer session took over');
  await vi.waitFor(() => expect(told.codes).toEqual([CLOSE.replaced]));
  expect(tunnel.state).toBe('waiting');
});

test('a lock ends both connections', async () => {
  await live();
  const first = peer.socket!;
  const second = Promise.withResolvers<WebSocket>();
  peer.hostile = (socket) => second.resolve(socket);
  tunnel.handOver(0);
  const ended = await second.promise;
  first.close(CLOSE.locked, 'locked');
  await vi.waitFor(() => expect(told.codes).toEqual([CLOSE.locked]));
  await vi.waitFor(() => expect(ended.readyState).toBe(ended.CLOSED));
});

test('a server that cannot prove itself by our roots gets nothing', async () => {
  const foreign = await ProtocolPeer.start({ ...(await createTestPki()), agentRoot: pki.agentRoot });
  const other = makeTunnel(foreign.url);
  other.start();
  await vi.waitFor(() => expect(told.states).toContain('waiting'));
  expect(foreign.hellos).toHaveLength(0);
  await other.stop();
  await foreign.stop();
});

function keyOf({ jobId, attempt }: JobAssign): { jobId: string; attempt: number } {
  return { jobId, attempt };
}
