/** The agent's own policy over real workers and the real tunnel: refused on arrival, while it runs, and on another day. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JobAssign, RunEventBody } from '@casare/shared/protocol';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { createTestPki, type TestPki } from '../identity/pki-for-tests.ts';
import { assignment } from '../outbox/outbox-for-tests.ts';
import { ProtocolPeer } from '../tunnel/protocol-peer-for-tests.ts';
import { startTestAgent, type TestAgent } from './test-agent-for-tests.ts';

const SLOW = { timeout: 20_000 };
const module = new URL('./worker.ts', import.meta.url);

let pki: TestPki;
let folder = '';
let peer: ProtocolPeer;
let agent: TestAgent;
beforeAll(async () => {
  pki = await createTestPki();
});
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'casare-policed-'));
  peer = await ProtocolPeer.start(pki);
});
afterEach(async () => {
  await agent.stop();
  await peer.stop();
  rmSync(folder, { recursive: true, force: true });
});

const start = (): TestAgent => (agent = startTestAgent({ module, folder, pki, peer }));
const write = (policy: string): void => writeFileSync(join(folder, 'policy.yaml'), policy, { mode: 0o600 });
async function assign(assigned: JobAssign): Promise<void> {
  await vi.waitFor(() => expect(agent.tunnel.state).toBe('live'));
  peer.send(assigned);
}
async function ending(run: JobAssign): Promise<RunEventBody | undefined> {
  await vi.waitFor(() => expect(peer.eventsOf(run).at(-1)?.body.type).toMatch(/^run\.(?!started|log)/), SLOW);
  return peer.eventsOf(run).at(-1)?.body;
}

test('an assignment that it forbids is refused with its code; one that it allows runs', async () => {
  write('workflows: { allow: [other/*] }');
  start();
  const refused = assignment();
  await assign(refused);
  await vi.waitFor(() =>
    expect(peer.messagesOf('job.refused')).toMatchObject([{ jobId: refused.jobId, code: 'POLICY_WORKFLOW_REFUSED' }]),
  );
  // It is the file of the user that jobs run as: a change is not believed.
  write('workflows: { allow: [test/*] }');
  peer.send(assignment());
  await vi.waitFor(() => expect(peer.messagesOf('job.refused')[1]).toMatchObject({ code: 'POLICY_CHANGED' }));
  expect(agent.outbox.runs()).toEqual([]);
  await agent.stop();
  start();
  const allowed = assignment();
  await assign(allowed);
  expect(await ending(allowed)).toMatchObject({ type: 'run.completed' });
});

test('a run that was let in is judged again when it is taken up under another policy', async () => {
  start();
  const run = assignment({}, [{ pause: { wait: { seconds: 60 } } }, { say: { call: 'log', with: { message: 'x' } } }]);
  await assign(run);
  await vi.waitFor(() => expect(agent.outbox.run(run)?.worker).toBeTruthy(), SLOW);
  await agent.stop();
  write('steps: { forbid: [log] }');
  start();
  expect(await ending(run)).toMatchObject({ type: 'run.failed', error: { code: 'POLICY_STEP_REFUSED' } });
});

test('the worker holds its steps to the policy that the agent gave it, not to a file', async () => {
  write('domains: { forbid: [portal.example] }');
  start();
  const tasks = [
    { where: { set: { url: 'https://portal.example/' } } },
    { open: { call: 'browser.open', with: { url: '${ .url }' } } },
  ];
  const run = assignment({}, tasks);
  await assign(run);
  await vi.waitFor(() => expect(agent.outbox.run(run)).not.toBeNull(), SLOW);
  rmSync(join(folder, 'policy.yaml'));
  expect(await ending(run)).toMatchObject({ type: 'run.failed', error: { code: 'POLICY_DOMAIN_REFUSED' } });
});

test('what may not leave does not, and a dead worker is replaced with all that it needs', async () => {
  write('upload: { stepData: none, log: none }');
  start();
  const tasks = [
    { say: { call: 'log', with: { message: 'canary in the log' } } },
    {
      find: {
        call: 'assert',
        with: { that: true, message: 'canary in the input' },
        export: { as: '${ { seen: "canary in the context" } }' },
      },
    },
    { pause: { wait: { seconds: 1 } } },
    { tell: { set: { answer: '${ $context.seen | length }' } } },
  ];
  const run = assignment({}, tasks);
  await assign(run);
  await vi.waitFor(() => expect(JSON.stringify(peer.eventsOf(run))).toContain('/do/2/pause'), SLOW);
  process.kill(agent.outbox.run(run)?.worker?.pid ?? 0, 'SIGKILL');
  expect(await ending(run)).toEqual({ type: 'run.completed', output: { answer: 21 } });
  const text = JSON.stringify(peer.eventsOf(run));
  expect(text).toContain("withheld by the agent's policy");
  expect(text).not.toContain('canary');
});
