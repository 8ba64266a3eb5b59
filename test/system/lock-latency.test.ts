/**
 * From a lock to the closed socket: 1,000 locks over two replicas, with notifications and without a single one. Real
 * TLS, a real database. Time counts from before the call that locks until the agent's socket has seen the close, so the
 * commit and the network are in it. It is in the slow tier since it asserts a time: 99 of 100 within two seconds.
 */
import { CLOSE } from '@casare/shared/protocol';
import { X509Certificate } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  connect,
  openReplica,
  openScene,
  type Scene,
  type TestIdentity,
} from '../../control-plane/dist/fleet/testing.js';

const LOCKS = 1_000;
/** Agents that are locked in one round, half of them on each replica. */
const AGENTS = 100;
const GOAL_MS = 2_000;
/** Locks of a round begin at any moment of this time, so that they meet every phase of the poll. */
const SPREAD_MS = 1_500;
const by = { tenant: 'default', actor: 'account:test' };

/** Milliseconds until the socket has seen the close. */
interface Took {
  readonly ms: number;
  readonly afterCommit: number;
}

describe.each([
  ['with notifications', true],
  ['without notifications', false],
])('a lock %s', (mode, notify) => {
  let here: Scene;
  let there: Awaited<ReturnType<typeof openReplica>>;
  let agents: { readonly identity: TestIdentity; readonly scene: Scene }[];
  beforeAll(async () => {
    here = await openScene({ notify });
    there = await openReplica(here, { notify });
    agents = [];
    for (let n = 0; n < AGENTS; n++) {
      agents.push({ identity: await here.agent(), scene: n % 2 === 0 ? here : there.scene });
    }
  });
  afterAll(async () => {
    await there.stop();
    await here.close();
  });

  it(`closes the socket within ${GOAL_MS} ms, 99 times of 100`, async () => {
    const took: Took[] = [];
    while (took.length < LOCKS) took.push(...(await round(took.length / AGENTS)));
    const whole = spreadOf(took.map(({ ms }) => ms));
    const after = spreadOf(took.map(({ afterCommit }) => afterCommit));
    console.log(
      `${LOCKS} locks ${mode}, two replicas: from the call ${textOf(whole)}; from the commit ${textOf(after)}`,
    );
    expect(whole.p99).toBeLessThan(GOAL_MS);
  });

  /** Connects all, locks each once, by its agent or by its serial number in turn, and lets all back in. */
  async function round(n: number): Promise<Took[]> {
    const tunnels = await Promise.all(agents.map(({ identity, scene }) => connect(scene, identity, { epoch: n + 1 })));
    const locked = await Promise.all(
      agents.map(async ({ identity }, index) => {
        await sleep(Math.random() * SPREAD_MS);
        const began = performance.now();
        const ended = tunnels[index]!.ended.then((code) => ({ code, ms: performance.now() - began }));
        const target = index % 4 < 2 ? identity.agentId : serialOf(identity);
        const kind = index % 4 < 2 ? ('agent' as const) : ('serial' as const);
        const lock = await here.trust.locks.create(by, { kind, target, reason: 'a test', dryRun: false });
        const committed = performance.now() - began;
        return { lock, committed, ...(await ended) };
      }),
    );
    for (const { lock, code } of locked) {
      expect(code).toBe(CLOSE.locked);
      if (!('id' in lock)) throw new Error(lock.code);
      await here.trust.locks.lift(by, lock.id, { dryRun: false });
    }
    // An answer may come after the close that it stands for.
    return locked.map(({ ms, committed }) => ({ ms, afterCommit: Math.max(0, ms - committed) }));
  }
});

function spreadOf(times: readonly number[]) {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (part: number) => Math.round(sorted[Math.ceil(sorted.length * part) - 1]!);
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}

function textOf({ p50, p99, max }: ReturnType<typeof spreadOf>): string {
  return `p50 ${p50} ms, p99 ${p99} ms, max ${max} ms`;
}

function serialOf({ chainPem }: TestIdentity): string {
  return new X509Certificate(chainPem).serialNumber.toLowerCase();
}
