/**
 * Rotations under a fleet: 200 agents with their own tunnels, jobs that never cease, and ten agents that are away from
 * before the first rotation until after the last. The agents are the product's own code but for what runs their jobs
 * (`test/support/light-agents.ts`); TLS and the database are real.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { api, type CaKind, type Rotation } from '@casare/shared/api';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { by, openScene, TENANT, type Scene } from '../../control-plane/src/fleet/testing.ts';
import { sql } from '../../control-plane/src/platform/database/index.ts';
import { isRefusal, type Refusal } from '../../control-plane/src/platform/refusal.ts';
import { enrolLightAgent, type LightAgent } from '../support/light-agents.ts';

const AGENTS = 200;
const STRAGGLERS = 10;
const ENROLLED_AT_ONCE = 10;
const LINES = 5;
/** Between two jobs. */
const PACE_MS = 50;
const SLOW = { timeout: 240_000, interval: 250 };

const countEvents = sql<{ n: number; last: number }, [job: string]>(
  'testCountEvents',
  'SELECT count(*)::int AS n, max(seq)::int AS last FROM job_event WHERE job_id = $1',
);

let scene: Scene;
let folder = '';
const agents: LightAgent[] = [];
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'casare-fleet-'));
  scene = await openScene();
});
afterAll(async () => {
  await Promise.all(agents.map((agent) => agent.stop()));
  await scene.close();
  rmSync(folder, { recursive: true, force: true });
});

function must(outcome: Rotation | Refusal): Rotation {
  if (isRefusal(outcome)) throw new Error(`${outcome.code}: ${outcome.detail ?? outcome.title}`);
  return outcome;
}

async function enrolled(name: string): Promise<LightAgent> {
  const token = await scene.token({ tags: ['test=fleet'] });
  const url = `https://127.0.0.1:${scene.ports.enrol}`;
  return enrolLightAgent({ folder: path.join(folder, name), url, token, name, linesPerJob: LINES });
}

async function allLive(some: readonly LightAgent[]): Promise<void> {
  await vi.waitFor(() => {
    const not = some.filter(({ state }) => state !== 'live');
    expect(not.length, not[0]?.log.join('\n')).toBe(0);
  }, SLOW);
}

/** Submits a job at every pace until it is told to stop, and gives back all their ids then. */
function keepBusy(workflow: string): () => Promise<string[]> {
  const jobs: string[] = [];
  const told = new AbortController();
  const flow = (async () => {
    while (!told.signal.aborted) {
      const request = { workflow, priority: 50, requires: [], maxAttempts: 3 };
      const ids = await scene.harness.jobs.submit.submit(by, [request], null);
      if (isRefusal(ids)) throw new Error(ids.code);
      jobs.push(...ids);
      await sleep(PACE_MS);
    }
  })();
  return async () => {
    told.abort();
    await flow;
    return jobs;
  };
}

interface PhaseSeen {
  readonly phase: string;
  /** Who was missing when the phase began, and when nobody but stragglers was. */
  readonly missing: readonly [before: number, after: number];
  readonly seconds: number;
}

/** Rotates to the end. At each gate all must come but those who are away, who are named and then left. */
async function rotate(kind: CaKind, away: ReadonlySet<string>): Promise<PhaseSeen[]> {
  const { rotations } = scene.trust;
  const move = (id: string, leaveStragglers: boolean) =>
    rotations.advance(by, id, api.rotations.advance.body.parse({ leaveStragglers }));
  let now = must(await rotations.start(by, api.rotations.start.body.parse({ kind, reason: 'test' })));
  const seen: PhaseSeen[] = [];
  while (now.outcome === null) {
    const { id, phase } = now;
    const since = performance.now();
    const before = now.gate!.total - now.gate!.ready;
    const waits = await vi.waitFor(async () => {
      const { gate } = must(await rotations.get(TENANT, id));
      const others = gate!.blockers.filter((blocker) => !away.has(blocker.name));
      expect(others, `${kind} in ${phase}`).toEqual([]);
      expect(gate!.total - gate!.ready).toBeLessThanOrEqual(away.size);
      return gate!;
    }, SLOW);
    if (!waits.met) {
      const named = await rotations.stragglers(TENANT, id, { limit: 50, leftBehind: 'false' });
      if (isRefusal(named)) throw new Error(named.code);
      expect(new Set(named.items.map(({ name }) => name))).toEqual(away);
      expect(await move(id, false)).toMatchObject({ code: 'ROTATION_GATE_UNMET' });
    }
    now = must(await move(id, true));
    seen.push({
      phase,
      missing: [before, waits.total - waits.ready],
      seconds: Math.round((performance.now() - since) / 100) / 10,
    });
  }
  expect(now.outcome).toBe('completed');
  return seen;
}

test(`${AGENTS} tunnels outlive rotations of the agent CA, the server CA and the server root`, async () => {
  for (let n = 0; n < AGENTS; n += ENROLLED_AT_ONCE) {
    const names = Array.from({ length: ENROLLED_AT_ONCE }, (_, k) => `agent-${n + k}`);
    agents.push(...(await Promise.all(names.map(enrolled))));
  }
  const [late, fleet] = [agents.slice(0, STRAGGLERS), agents.slice(STRAGGLERS)];
  for (const agent of agents) agent.start();
  await allLive(agents);
  for (const agent of late) await agent.stop();
  const away = new Set(late.map((_, n) => `agent-${n}`));

  const workflow = await scene.harness.workflow('fleet');
  const finish = keepBusy(workflow);
  for (const kind of ['agent_ca', 'server_ca', 'server_root'] as const) {
    const seen = await rotate(kind, away);
    console.log(
      `${kind}: ${seen.map(({ phase, missing, seconds }) => `${phase} ${missing.join('→')} (${seconds} s)`).join(', ')}`,
    );
    const waitedFor = seen.filter(({ missing: [before] }) => before > STRAGGLERS);
    expect(waitedFor.length, `${kind}: a gate was seen unmet`).toBeGreaterThan(0);
  }
  const jobs = await finish();

  // Nobody was refused, nobody was without a tunnel for a moment.
  expect(fleet.filter(({ losses }) => losses > 0).map(({ states }) => states)).toEqual([]);
  expect(fleet.filter(({ jobs: doubles }) => doubles!.lapses.length > 0 || doubles!.halted)).toEqual([]);
  expect(Math.min(...fleet.map(({ handOvers }) => handOvers))).toBeGreaterThanOrEqual(3);
  expect(scene.logged()).not.toMatch(/tunnel was refused|two holders|agent\.cloned/);

  // The certificates of those who were away are of a CA that is gone, and they know the old server root alone.
  for (const agent of late) agent.start();
  await allLive(late);
  jobs.push(...(await keepBusyFor(workflow, 2_000)));

  await vi.waitFor(async () => {
    const found = await Promise.all(jobs.map((id) => scene.harness.jobs.query.job(TENANT, id)));
    expect(found.filter((job) => isRefusal(job) || job.state !== 'succeeded').length).toBe(0);
  }, SLOW);
  const times = new Map<string, number>();
  for (const { jobs: doubles } of agents)
    for (const [id, begun] of doubles!.begun) times.set(id, (times.get(id) ?? 0) + begun);
  expect(jobs.filter((id) => times.get(id) !== 1)).toEqual([]);
  const counted = await Promise.all(jobs.map((id) => scene.harness.database.db.query(countEvents(id))));
  expect(counted.flat().filter(({ n, last }) => n !== LINES + 2 || last !== LINES + 2)).toEqual([]);
  console.log(`${jobs.length} jobs, each begun once and recorded once; ${late.length} stragglers came back`);
});

async function keepBusyFor(workflow: string, ms: number): Promise<string[]> {
  const finish = keepBusy(workflow);
  await sleep(ms);
  return finish();
}
