/**
 * Two control planes as processes on one database and one home, with agents as they are installed: a rolling restart drops
 * no job and begins none twice, and the agents of one that is killed with -9 are taken over by the other one.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openInstallation, type Installation } from '../chaos/installation.ts';
import { LongRuns } from '../chaos/long-runs.ts';
import { until } from '../support/stack.ts';

const AGENTS = [
  { program: 'product', slots: 2 },
  { program: 'product', slots: 2 },
] as const;
const JOBS = 4;
const ONCE = { lost: 0, duplicated: 0, attempts: 0 };

let installation: Installation;
let runs: LongRuns;
beforeAll(async () => {
  installation = await openInstallation(AGENTS);
  runs = await LongRuns.open(installation, 80);
});
afterAll(async () => {
  await runs.close();
  await installation[Symbol.asyncDispose]();
});

/** Every agent has a tunnel, and none has two. */
async function allConnected(): Promise<void> {
  await until('agents at a control plane', 60_000, () => {
    const tunnels = installation.replicas.map((_, replica) => installation.tunnelsOf(replica));
    return Promise.resolve(tunnels.reduce((sum, count) => sum + count, 0) === AGENTS.length);
  });
}

test('a rolling restart: agents are sent away first, jobs go on, none is begun twice', async () => {
  for (const [index, replica] of installation.replicas.entries()) {
    await allConnected();
    const jobs = await runs.begin(JOBS);
    const stopped = replica.end('SIGTERM', 0);
    await runs.runAgain(jobs, Date.now(), 60_000);
    await stopped;
    expect(await runs.finish(jobs)).toEqual(ONCE);
    await until(`replica ${index}`, 60_000, () => installation.isReady(index));
  }
  for (const agent of installation.agents) {
    expect(readFileSync(installation.log(agent.name), 'utf8')).toContain('asked to connect anew');
  }
});

test('kill -9 of a control plane: its agents go on at the other one with the same attempts', async () => {
  await allConnected();
  const jobs = await runs.begin(JOBS);
  const victim = installation.replicas.findIndex((_, replica) => installation.tunnelsOf(replica) > 0);
  await installation.replicas[victim]!.end('SIGKILL', 30_000);
  await runs.runAgain(jobs, Date.now(), 60_000);
  expect(installation.tunnelsOf(1 - victim)).toBe(AGENTS.length);
  expect(installation.tunnelsOf(victim)).toBe(0);
  expect(await runs.finish(jobs)).toEqual(ONCE);
});
