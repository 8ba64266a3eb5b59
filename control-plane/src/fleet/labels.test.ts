/** Labels route jobs as docs/guides/routing.md says: what was granted and what was probed, compared as it is written. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connect, openScene, TENANT, type Scene } from './testing.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
});
afterAll(() => scene.close());

async function agent(tags: string[], version: string, declared: string[] = []) {
  const identity = await scene.agent({ tags: ['test=labels', ...tags] });
  const capabilities = ['os=linux', `agent.version=${version}`];
  return connect(scene, identity, { instance: randomUUID(), capabilities, declared });
}

it('a region is a grant, the version of an agent is probed, and neither is a range', async () => {
  const workflow = await scene.harness.workflow('labels');
  const [eu, us] = [await agent(['region=eu'], '1.2.0'), await agent(['region=us'], '1.3.0', ['region=eu'])];
  const requiring = (...requires: string[]) => scene.harness.submit(workflow, { requires });
  const runs = async (tunnel: typeof eu, jobId: string) => {
    await tunnel.next('job.assign', (message) => message.jobId === jobId);
  };
  await runs(eu, await requiring('region=eu'));
  await runs(us, await requiring('agent.version=1.3.0'));
  await runs(us, await requiring('region=us', 'agent.version=1.3.0'));
  const nobody = [await requiring('region=eu', 'agent.version=1.3.0'), await requiring('agent.version=1.3')];
  // Submitted after them, and somebody can run it.
  await runs(eu, await requiring('agent.version=1.2.0'));
  for (const id of nobody) expect(await scene.harness.jobs.query.job(TENANT, id)).toMatchObject({ state: 'pending' });
  await eu.close();
  await us.close();
});
