/** Renewal and make-before-break with the agent's own code against a real control plane: certificates of ten seconds. */
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openScene, TENANT, by, type Scene } from '../../control-plane/src/fleet/testing.ts';
import { sql } from '../../control-plane/src/platform/database/index.ts';
import { isRefusal } from '../../control-plane/src/platform/refusal.ts';
import { enrolLightAgent, LightAgent } from '../support/light-agents.ts';

const SLOW = { timeout: 60_000 };
const LINES = 20;

const countEvents = sql<{ n: number; last: number }, [job: string]>(
  'testCountEvents',
  'SELECT count(*)::int AS n, max(seq)::int AS last FROM job_event WHERE job_id = $1',
);

let scene: Scene;
let folder = '';
let agents: LightAgent[] = [];
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'casare-renewals-'));
});
afterEach(async () => {
  await Promise.all(agents.map((agent) => agent.stop()));
  agents = [];
  await scene.close();
  rmSync(folder, { recursive: true, force: true });
});

async function enrolled(name: string, linesPerJob = 0): Promise<LightAgent> {
  const token = await scene.token({ tags: [`test=${name}`] });
  const url = `https://127.0.0.1:${scene.ports.enrol}`;
  const agent = await enrolLightAgent({ folder: path.join(folder, name), url, token, name, linesPerJob });
  agents.push(agent);
  return agent;
}

/** The same home as another process would open it. */
function again(name: string): LightAgent {
  const agent = new LightAgent({ folder: path.join(folder, name) });
  agents.push(agent);
  return agent;
}

async function live(agent: LightAgent): Promise<void> {
  agent.start();
  await vi.waitFor(() => expect(agent.state, agent.log.join('\n')).toBe('live'), { timeout: 15_000 });
}

async function submit(workflow: string): Promise<string> {
  const request = { workflow, priority: 50, requires: [], maxAttempts: 3 };
  const ids = await scene.harness.jobs.submit.submit(by, [request], null);
  if (isRefusal(ids)) throw new Error(ids.code);
  return ids[0]!;
}

const stateOf = async (agent: LightAgent) => {
  const found = await scene.fleet.agents.get(TENANT, agent.agentId);
  return isRefusal(found) ? found.code : found.state;
};

test(
  'three renewals while jobs flow: no lease lapses, nothing is refused, every event is there once',
  SLOW,
  async () => {
    scene = await openScene({ leafSeconds: 10 });
    const agent = await enrolled('flow', LINES);
    await live(agent);
    const workflow = await scene.harness.workflow('flow');
    const jobs: string[] = [];
    while (agent.handOvers < 3) {
      const id = await submit(workflow);
      jobs.push(id);
      await vi.waitFor(() => expect(agent.jobs?.begun.has(id), agent.log.join('\n')).toBe(true), { timeout: 20_000 });
    }
    await vi.waitFor(async () => {
      const found = await Promise.all(jobs.map((id) => scene.harness.jobs.query.job(TENANT, id)));
      expect(found.filter((job) => isRefusal(job) || job.state !== 'succeeded')).toEqual([]);
    }, SLOW);
    const counted = await Promise.all(jobs.map((id) => scene.harness.database.db.query(countEvents(id))));
    const wrong = counted.flat().filter(({ n, last }) => n !== LINES + 2 || last !== LINES + 2);
    expect(wrong).toEqual([]);
    expect([...agent.jobs!.begun.values()].filter((times) => times !== 1)).toEqual([]);
    expect([agent.losses, agent.jobs!.lapses, agent.jobs!.halted]).toEqual([0, [], false]);
    expect(agent.generation).toBeGreaterThanOrEqual(3);
    expect(jobs.length).toBeGreaterThan(10);
    expect(scene.logged()).not.toMatch(/refused|two holders/);
  },
);

test(
  'a process that dies between issue and first use leaves a working agent, and restarts are never flagged',
  SLOW,
  async () => {
    scene = await openScene({ leafSeconds: 10 });
    const agent = await enrolled('dies');
    await live(agent);
    const first = readFileSync(agent.home.credential, 'utf8');
    // what a kill -9 leaves: the certificate is on disk and was never presented
    await vi.waitFor(() => expect(readFileSync(agent.home.credential, 'utf8')).not.toBe(first), {
      ...SLOW,
      interval: 1,
    });
    await agent.stop();
    for (let start = 0; start < 5; start += 1) {
      await live(agent);
      await agent.stop();
    }
    await live(agent);
    expect(await stateOf(agent)).toBe('active');
    expect(scene.logged()).not.toContain('two holders');
  },
);

test('a copied home that runs beside the original is found, and both are held', SLOW, async () => {
  scene = await openScene();
  const original = await enrolled('copied');
  await live(original);
  cpSync(original.home.root, path.join(folder, 'copy'), { recursive: true });
  const copy = again('copy');
  copy.start();
  await vi.waitFor(async () => expect(await stateOf(original)).toBe('suspect'), SLOW);
  await vi.waitFor(() => expect([original.jobs?.halted, copy.jobs?.halted]).toEqual([true, true]), SLOW);
});
