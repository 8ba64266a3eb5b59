/** An agent that is enrolled gets a grant, and the job that waits for it runs: real processes, nothing enrols anew. */
import { api } from '@casare/shared/api';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Gate } from '../support/gate.ts';
import { startStack, type Stack } from '../support/stack.ts';

let stack: Stack;
let gate: Gate;
beforeAll(async () => {
  gate = new Gate(0);
  stack = await startStack(gate);
});
afterAll(async () => {
  gate.open();
  await stack.stop();
});

it('the job waits, says why, and runs once the grant is there', async () => {
  const [before] = (await stack.client.call(api.agents.list, {})).items;
  const id = before!.id;
  const job = await stack.submit({}, ['erp']);
  const why = await stack.client.call(api.jobs.whyPending, { params: { id: job.id } });
  expect(why.agents).toMatchObject([{ id, code: 'MISSING_CAPABILITY' }]);

  const after = await stack.client.call(api.agents.update, {
    params: { id },
    body: { name: 'press-7', site: 'plant-1', addGrants: ['erp'] },
  });
  expect(after).toMatchObject({ id, name: 'press-7', site: 'plant-1', grants: ['erp'], connected: true });
  gate.open();
  expect(await stack.over(job.id)).toMatchObject({ state: 'succeeded', agent: { id, name: 'press-7' } });
  // The same agent, over the same session.
  const [now] = (await stack.client.call(api.agents.list, {})).items;
  expect(now).toMatchObject({ presenceSince: before!.presenceSince });

  // After a restart of the agent it is still what people made of it.
  await stack.agent.end();
  await stack.startAgent();
  expect(await stack.client.call(api.agents.get, { params: { id } })).toMatchObject({
    ...{ name: 'press-7', site: 'plant-1', grants: ['erp'] },
  });
});
