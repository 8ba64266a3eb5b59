/** The numbers of the fleet and its queue at `/metrics`: what is counted, and what is not. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { silentLog } from '../platform/log.ts';
import { Metrics } from '../platform/metrics.ts';
import { measureAgents } from './agent-metrics.ts';
import { by, connect, openScene, type Scene } from './testing.ts';

const metrics = new Metrics();
let scene: Scene;
beforeAll(async () => {
  scene = await openScene({ jobTimes: { metrics, heartbeatMs: 1_000, times: { countMs: 50 } } });
});
afterAll(() => scene.close());

/** The value of one line; NaN when there is none. */
async function valueOf(line: string, of = metrics): Promise<number> {
  const lines = (await of.registry.metrics()).split('\n');
  return Number(lines.find((one) => one.startsWith(`${line} `))?.slice(line.length + 1) ?? NaN);
}

it('counts agents by how they stand; who has left counts no more', async () => {
  const own = new Metrics();
  const [online, , paused, gone] = await Promise.all([1, 2, 3, 4].map(() => scene.agent()));
  await scene.agent({ autoApprove: false });
  await scene.fleet.agents.act(by, paused!.agentId, 'pause');
  await scene.fleet.agents.act(by, gone!.agentId, 'decommission');
  const tunnel = await connect(scene, online!);
  const loop = measureAgents(scene.harness.database.db, silentLog, own);
  const standing = async () =>
    Promise.all(
      ['online', 'offline', 'paused', 'pending', 'decommissioned'].map((status) =>
        valueOf(`casare_robot_count{status="${status}"}`, own),
      ),
    );
  await vi.waitFor(async () => expect(await standing()).toEqual([1, 1, 1, 1, NaN]));
  await tunnel.close();
  await vi.waitFor(async () => {
    loop.wake();
    expect(await standing()).toEqual([NaN, 2, 1, 1, NaN]);
  });
  await loop.stop();
});

it('counts what waits, how long first attempts waited, and which part of the slots is taken', async () => {
  const workflow = await scene.harness.workflow('measured');
  const waiting = await Promise.all([scene.harness.submit(workflow), scene.harness.submit(workflow)]);
  await vi.waitFor(async () => expect(await valueOf('casare_queue_depth')).toBe(2));
  expect(await valueOf('casare_robot_utilization')).toBe(0);
  const identity = await scene.agent({ tags: ['test=measured'] });
  const tunnel = await connect(scene, identity);
  const { jobId } = await tunnel.next('job.assign');
  expect(waiting).toContain(jobId);
  await vi.waitFor(async () => expect(await valueOf('casare_queue_depth')).toBeLessThan(2));
  const taken = 2 - (await valueOf('casare_queue_depth'));
  expect(await valueOf('casare_job_wait_seconds_count')).toBe(taken);
  expect(await valueOf('casare_job_wait_seconds_sum')).toBeGreaterThan(0);
  const utilization = await valueOf('casare_robot_utilization');
  expect(utilization).toBeGreaterThan(0);
  expect(utilization).toBeLessThanOrEqual(1);
  await tunnel.close();
  await vi.waitFor(async () => expect(await valueOf('casare_robot_utilization')).toBe(0));
});
