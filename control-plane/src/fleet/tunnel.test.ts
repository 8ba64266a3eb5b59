/** Tunnels on a real listener: welcome, assignments, recorded events, files, replacement, endings. */
import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Job } from '@casare/shared/api';
import {
  CLOSE,
  encodeChunk,
  STREAM_CREDIT_BYTES,
  type RunEvent,
  type RunEventBody,
  type ServerMessage,
} from '@casare/shared/protocol';
import { sql } from '../platform/database/index.ts';
import { isRefusal } from '../platform/refusal.ts';
import { by, connect, dial, hello, movedClock, openScene, TENANT, type Scene, type TestTunnel } from './testing.ts';
import { createIds } from '../platform/ids.ts';
import { silentLog } from '../platform/log.ts';
import { createTrust } from '../trust/index.ts';
import { signerForTests } from '../trust/testing.ts';
import { createRequest, readRequest } from '@casare/certs';

const at = '2026-01-01T00:00:00.000Z';
const numbered = (from: number, ...bodies: RunEventBody[]): RunEvent[] =>
  bodies.map((body, index) => ({ seq: from + index, at, body }));
const started: RunEventBody = { type: 'run.started', resumed: false };
const completed: RunEventBody = { type: 'run.completed', output: { ok: true } };

const countEvents = sql<{ n: number }, [job: string]>(
  'testCountEvents',
  'SELECT count(*)::int AS n FROM job_event WHERE job_id = $1',
);
const sessionRow = sql<{ gateway: string | null; lease: number | null }, [agent: string]>(
  'testSessionRow',
  `SELECT gateway_id AS gateway, (extract(epoch FROM lease_until - clock_timestamp()) * 1000)::int AS lease
   FROM agent_session WHERE agent_id = $1`,
);

const heldBundle = sql<{ digest: string | null }, [agent: string]>(
  'testHeldBundle',
  'SELECT bundle_digest AS digest FROM agent WHERE id = $1',
);
const moveCa = sql<never, [to: string, from: string]>(
  'testMoveCa',
  `WITH moved AS (UPDATE trust_state SET rev = rev + 1)
   UPDATE certificate_authority SET state = $1 WHERE kind = 'agent_ca' AND state = $2`,
);

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
});
afterAll(() => scene.close());

/** An agent that runs only the jobs of `name`. */
async function worker(name: string) {
  const identity = await scene.agent({ tags: [`test=${name}`] });
  const reconnect = (more: Parameters<typeof hello>[0] = {}): Promise<TestTunnel> => connect(scene, identity, more);
  return { tunnel: await reconnect(), agentId: identity.agentId, reconnect };
}

async function submit(workflow: string): Promise<string> {
  const request = { workflow, priority: 50, requires: [], maxAttempts: 3 };
  const ids = await scene.harness.jobs.submit.submit(by, [request], null);
  if (isRefusal(ids)) throw new Error(ids.code);
  return ids[0]!;
}

const stateOf = async (id: string) => ((await scene.harness.jobs.query.job(TENANT, id)) as Job).state;
const agentOf = async (id: string) => scene.fleet.agents.get(TENANT, id);

describe('a live tunnel', () => {
  it('says which bundle it holds, in its greeting and after an update', async () => {
    const identity = await scene.agent();
    const held = async () => (await scene.harness.database.db.query(heldBundle(identity.agentId)))[0]?.digest;
    const [first, second] = ['1'.repeat(64), '2'.repeat(64)];
    const tunnel = await connect(scene, identity, { bundle: first });
    expect(await held()).toBe(first);
    tunnel.send({ type: 'bundle.ack', digest: second });
    await vi.waitFor(async () => expect(await held()).toBe(second));
    await tunnel.close();
  });

  it('is told by its own code that the CA of its certificate was retired, at once and when it comes again', async () => {
    const identity = await scene.agent();
    const { db } = scene.harness.database;
    const tunnel = await connect(scene, identity);
    await db.execute(moveCa('retired', 'active'));
    try {
      expect(await tunnel.ended).toBe(CLOSE.certificateRetired);
      expect(await dial(scene, identity).ended).toBe(CLOSE.certificateRetired);
    } finally {
      await db.execute(moveCa('active', 'retired'));
    }
    await (await connect(scene, identity)).close();
  });

  it('attracts no job by a label that the agent gave itself', async () => {
    const identity = await scene.agent();
    const claims = ['os=linux', 'test=claimed'];
    const tunnel = await connect(scene, identity, { capabilities: claims, declared: ['test=claimed'] });
    const jobId = await submit(await scene.harness.workflow('claimed'));
    tunnel.send({ type: 'capabilities', capabilities: claims, slots: { plain: 4, browser: 0, desktop: 0 } });
    tunnel.send({ type: 'ping', n: 1 });
    await tunnel.next('pong', () => true);
    expect(await agentOf(identity.agentId)).toMatchObject({ capabilities: ['os=linux'], declared: ['test=claimed'] });
    const granted = await worker('claimed');
    const { jobId: given } = await granted.tunnel.next('job.assign', () => true);
    expect(given).toBe(jobId);
  });

  it('of a busy machine is given nothing while another has as much room, nor where runs failed', async () => {
    const [busy, idle] = [await worker('preferred'), await worker('preferred')];
    busy.tunnel.send({ type: 'ping', n: 1, load: 20 });
    idle.tunnel.send({ type: 'ping', n: 1, load: 0 });
    await Promise.all([busy.tunnel.next('pong'), idle.tunnel.next('pong')]);
    const workflow = await scene.harness.workflow('preferred');
    const jobId = await submit(workflow);
    await idle.tunnel.next('job.assign', (message) => message.jobId === jobId);
    const failed: RunEventBody = { type: 'run.failed', error: { type: 'about:blank', status: 500 } };
    for (let turn = 1; turn <= 2; turn++) {
      const events = numbered(1, started, failed);
      const { jobId: id, attempt } = await idle.tunnel.next('job.assign', () => true);
      idle.tunnel.received.length = 0;
      idle.tunnel.send({ type: 'run.events', jobId: id, attempt, events });
      await idle.tunnel.next('run.ack');
      if (turn === 1) await submit(workflow);
    }
    // Two failures weigh more than any load.
    const last = await submit(workflow);
    await busy.tunnel.next('job.assign', (message) => message.jobId === last);
    await Promise.all([busy.tunnel.close(), idle.tunnel.close()]);
  });

  it('gets its jobs, and events are acknowledged once they are committed', async () => {
    const { tunnel, agentId } = await worker('life');
    const jobId = await submit(await scene.harness.workflow('life'));
    const { attempt } = await tunnel.next('job.assign', (message) => message.jobId === jobId);
    tunnel.send({ type: 'job.accepted', jobId, attempt });
    tunnel.send({ type: 'run.events', jobId, attempt, events: numbered(1, started) });
    await tunnel.next('run.ack', ({ seq }) => seq === 1);
    expect(await scene.harness.database.db.query(countEvents(jobId))).toEqual([{ n: 1 }]);
    expect(await agentOf(agentId)).toMatchObject({ connected: true, busy: { plain: 1 }, slots: { plain: 2 } });
    tunnel.send({ type: 'run.events', jobId, attempt, events: numbered(2, completed) });
    await tunnel.next('run.ack', ({ seq }) => seq === 2);
    expect(await stateOf(jobId)).toBe('succeeded');
    await tunnel.close();
    await vi.waitFor(async () => expect(await agentOf(agentId)).toMatchObject({ connected: false }));
  });

  it('says what becomes of the runs an agent holds, and fences an attempt that lost its lease', async () => {
    const { tunnel, reconnect } = await worker('held');
    const jobId = await submit(await scene.harness.workflow('held'));
    await tunnel.next('job.assign');
    tunnel.send({ type: 'job.accepted', jobId, attempt: 1 });
    tunnel.send({ type: 'run.events', jobId, attempt: 1, events: numbered(1, started) });
    await tunnel.next('run.ack');
    await tunnel.close();
    const stranger = randomUUID();
    const runs = [
      { jobId, attempt: 1, lastSeq: 3, phase: 'running' as const },
      { jobId: stranger, attempt: 1, lastSeq: 9, phase: 'running' as const },
    ];
    const second = await reconnect({ runs });
    expect((await second.next('welcome')).runs).toMatchObject([
      { jobId, verdict: 'continue', ackedSeq: 1 },
      { jobId: stranger, verdict: 'fenced' },
    ]);
    second.send({ type: 'run.events', jobId: stranger, attempt: 1, events: numbered(1, started) });
    await second.next('run.fenced', (message) => message.jobId === stranger);
    // A hole in the numbers is a broken protocol: nothing of it is recorded.
    second.send({ type: 'run.events', jobId, attempt: 1, events: numbered(7, completed) });
    expect(await second.ended).toBe(CLOSE.badMessage);
    expect(await scene.harness.database.db.query(countEvents(jobId))).toEqual([{ n: 1 }]);
  });

  it('is sent an assignment again that it never acknowledged, and a cancel again after a reconnect', async () => {
    const { tunnel, reconnect } = await worker('again');
    const jobId = await submit(await scene.harness.workflow('again'));
    await tunnel.next('job.assign');
    await tunnel.close();
    const second = await reconnect();
    await second.next('job.assign', (message) => message.jobId === jobId);
    second.send({ type: 'job.accepted', jobId, attempt: 1 });
    second.send({ type: 'run.events', jobId, attempt: 1, events: numbered(1, started) });
    await second.next('run.ack');
    await second.close();
    expect(await scene.harness.jobs.steer.cancel(by, jobId)).toBeNull();
    const third = await reconnect({ runs: [{ jobId, attempt: 1, lastSeq: 1, phase: 'running' }] });
    expect((await third.next('welcome')).runs).toMatchObject([{ jobId, cancelling: true }]);
    await third.next('job.cancel', (message) => message.jobId === jobId);
    await third.close();
  });

  it('renews leases by pongs, and its end is on record with the lease that is left', async () => {
    const { tunnel, agentId } = await worker('pong');
    tunnel.send({ type: 'ping', n: 7 });
    expect(await tunnel.next('pong')).toMatchObject({ n: 7, leaseMs: 60_000 });
    await tunnel.close();
    await vi.waitFor(async () => {
      const [row] = await scene.harness.database.db.query(sessionRow(agentId));
      expect(row?.gateway).toBeNull();
      expect(row?.lease).toBeGreaterThan(30_000);
      expect(row?.lease).toBeLessThanOrEqual(60_000);
    });
  });

  it('is replaced by a later one of the same process, whatever its epoch', async () => {
    const { tunnel, reconnect, agentId } = await worker('newer');
    await tunnel.close();
    const instance = randomUUID();
    const first = await reconnect({ instance, epoch: 5 });
    const second = await reconnect({ instance, epoch: 4 });
    expect(await first.ended).toBe(CLOSE.replaced);
    second.send({ type: 'ping', n: 1 });
    await second.next('pong');
    expect(await agentOf(agentId)).toMatchObject({ connected: true, state: 'active' });
    await second.close();
  });

  it('follows what people do: paused gets nothing new, locked is closed at once and refused', async () => {
    const { tunnel, agentId, reconnect } = await worker('steered');
    expect(isRefusal(await scene.fleet.agents.act(by, agentId, 'pause'))).toBe(false);
    await vi.waitFor(() => {
      const [target] = scene.harness.jobs.dispatcher.connected().filter((found) => found.agentId === agentId);
      expect(target?.active).toBe(false);
    });
    const jobId = await submit(await scene.harness.workflow('steered'));
    expect(await scene.fleet.agents.act(by, agentId, 'approve')).toMatchObject({ code: 'AGENT_WRONG_STATE' });
    await scene.fleet.agents.act(by, agentId, 'resume');
    await tunnel.next('job.assign', (message) => message.jobId === jobId);
    await scene.fleet.agents.act(by, agentId, 'lock');
    expect(await tunnel.ended).toBe(CLOSE.locked);
    await expect(reconnect()).rejects.toThrow(`${CLOSE.locked}`);
    await scene.fleet.agents.act(by, agentId, 'unlock');
    await (await reconnect()).close();
  });

  it('ends on time with its certificate', async () => {
    const identity = await scene.agent();
    const { db } = scene.harness.database;
    // A signer whose clock is a day behind but for two seconds: what it signs ends in two seconds.
    const clock = movedClock(-86_400_000 + 2_500);
    const early = createTrust({
      ...{ db, clock, log: silentLog, hosts: ['localhost'], ids: createIds(movedClock(0)) },
      signer: signerForTests(scene.masterKey, ['localhost'], clock),
    });
    const key = await createRequest();
    const read = readRequest(key.csr);
    if (!read.ok) throw new Error(read.code);
    const { publicKey } = read.value;
    const ca = await early.authorities.agentCa(TENANT);
    const who = { tenant: TENANT, agentId: identity.agentId, publicKey };
    const leaf = await db.transaction(async (tx) => {
      await early.leaves.revoke(tx, TENANT, identity.agentId, 'test');
      return early.leaves.issue(tx, ca, who);
    });
    const short = { ...identity, privateKeyPem: key.privateKeyPem, chainPem: leaf.chainPem };
    const tunnel = await connect(scene, short);
    expect(await tunnel.ended).toBe(CLOSE.certificateExpired);
    expect(Date.now()).toBeGreaterThanOrEqual(leaf.notAfter.getTime() - 10);
    expect(await dial(scene, short).opened).toBe(false);
  });
});

describe('an agent that does not read', () => {
  it('is cut off at 32 MiB that wait for it; one that reads gets the same', async () => {
    const [slow, quick] = [await worker('slow'), await worker('quick')];
    const jobId = await submit(await scene.harness.workflow('quick'));
    const assignment = await quick.tunnel.next('job.assign', (message) => message.jobId === jobId);
    const { dispatcher } = scene.harness.jobs;
    const large = { ...assignment, input: { text: 'x'.repeat(4_194_304) } };
    const isConnected = (id: string) => dispatcher.connected().some(({ agentId }) => agentId === id);
    for (let sent = 1; sent <= 10; sent++) {
      dispatcher.send(quick.agentId, large);
      await vi.waitFor(() => expect(quick.tunnel.received.filter(isLarge)).toHaveLength(sent), 10_000);
    }
    expect(isConnected(quick.agentId)).toBe(true);
    slow.tunnel.socket.pause();
    let sent = 0;
    // What the kernel holds is not ours: some more than 32 MiB leave before the rest waits.
    while (!scene.logged().includes('an agent reads too slowly') && sent++ < 40) dispatcher.send(slow.agentId, large);
    expect(sent).toBeGreaterThanOrEqual(8);
    expect(sent).toBeLessThan(16);
    await vi.waitFor(() => expect(isConnected(slow.agentId)).toBe(false), 5_000);
    slow.tunnel.socket.resume();
    await slow.tunnel.ended;
    expect(isConnected(quick.agentId)).toBe(true);
    await quick.tunnel.close();
  });
});

const isLarge = (message: ServerMessage): boolean =>
  message.type === 'job.assign' && JSON.stringify(message.input).length > 4_000_000;

describe('artifacts', () => {
  it('are stored through credit windows, and opening a stored one again is answered at once', async () => {
    const { tunnel } = await worker('files');
    const jobId = await submit(await scene.harness.workflow('files'));
    await tunnel.next('job.assign');
    const bytes = Buffer.alloc(STREAM_CREDIT_BYTES * 2 + 17, 'casare');
    const open = {
      type: 'artifact.open' as const,
      ...{ stream: 1, jobId, attempt: 1, artifactId: randomUUID(), name: 'out/big.bin', kind: 'output' as const },
      ...{ mediaType: 'application/octet-stream', bytes: bytes.length },
      sha256: createHash('sha256').update(bytes).digest('hex'),
    };
    tunnel.send(open);
    for (let sent = 0; sent < bytes.length;) {
      const { upTo } = await tunnel.next('artifact.credit', (message) => message.upTo > sent);
      const payload = bytes.subarray(sent, Math.min(sent + 60_000, upTo, bytes.length));
      tunnel.send(encodeChunk({ stream: 1, offset: sent, payload }));
      sent += payload.length;
    }
    tunnel.send({ type: 'artifact.end', stream: 1 });
    expect(await tunnel.next('artifact.stored')).toMatchObject({ stream: 1, artifactId: open.artifactId });
    tunnel.send({ ...open, stream: 2 });
    await tunnel.next('artifact.stored', ({ stream }) => stream === 2);
    await tunnel.close();
  });

  it('out of order end the session, and of another job are refused', async () => {
    const { tunnel } = await worker('greedy');
    const jobId = await submit(await scene.harness.workflow('greedy'));
    await tunnel.next('job.assign');
    const open = {
      type: 'artifact.open' as const,
      ...{ stream: 1, jobId, attempt: 1, artifactId: randomUUID(), name: 'a', kind: 'log' as const },
      ...{ mediaType: 'text/plain', bytes: STREAM_CREDIT_BYTES * 4, sha256: '0'.repeat(64) },
    };
    tunnel.send({ ...open, stream: 9, jobId: randomUUID(), artifactId: randomUUID() });
    expect(await tunnel.next('artifact.refused')).toMatchObject({ stream: 9, code: 'FENCED' });
    tunnel.send(open);
    await tunnel.next('artifact.credit');
    tunnel.send(encodeChunk({ stream: 1, offset: STREAM_CREDIT_BYTES, payload: Buffer.alloc(10) }));
    expect(await tunnel.ended).toBe(CLOSE.badMessage);
  });
});
