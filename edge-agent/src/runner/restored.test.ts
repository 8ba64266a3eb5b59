/** A control plane whose record went back to an earlier time, and one that says what the agent knows better. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JobAssign } from '@casare/shared/protocol';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { agentHome } from '../identity/index.ts';
import { createTestPki } from '../identity/pki-for-tests.ts';
import { Outbox, StoredAssignment } from '../outbox/index.ts';
import { assignment, stepStarted } from '../outbox/outbox-for-tests.ts';
import { ProtocolPeer } from '../tunnel/protocol-peer-for-tests.ts';
import { startTestAgent, type TestAgent } from './test-agent-for-tests.ts';

const SLOW = { timeout: 20_000 };

let folder = '';
let peer: ProtocolPeer;
let agent: TestAgent;
let startAgent: () => TestAgent;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'casare-runner-'));
  const pki = await createTestPki();
  peer = await ProtocolPeer.start(pki);
  const module = new URL('./scripted-worker-for-tests.ts', import.meta.url);
  startAgent = () => startTestAgent({ module, folder, pki, peer });
});
afterEach(async () => {
  await agent.stop();
  await peer.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('a control plane whose record went back is sent what it lacks, and is told what it had', async () => {
  agent = startAgent();
  const run = assignment({ input: [{ record: stepStarted('/do/0', 'rerun') }, 'ignore cancel'] as JobAssign['input'] });
  await vi.waitFor(() => expect(agent.tunnel.state).toBe('live'));
  peer.send(run);
  const acked = () => agent.outbox.run(run)?.ackedSeq;
  await vi.waitFor(() => expect(acked()).toBe(1), SLOW);
  peer.events.clear();
  peer.cut();
  await vi.waitFor(() => expect(peer.eventsOf(run)).toHaveLength(1), SLOW);
  expect(peer.hellos.at(-1)?.runs).toMatchObject([{ jobId: run.jobId, lastSeq: 1, ackedSeq: 1 }]);
  expect(peer.repeats).toBe(0);
  await vi.waitFor(() => expect(acked()).toBe(1), SLOW);
});

test('a run that is recorded whole waits for its files, whatever the control plane says of it', async () => {
  const [whole, open] = [assignment(), assignment()];
  const file = randomUUID();
  const box = Outbox.open({ file: join(folder, 'outbox.db') });
  for (const run of [whole, open]) {
    box.accept(StoredAssignment.parse(run));
    box.append(run, new Date(), { type: 'run.failed', error: { type: 'about:blank', status: 500 } });
  }
  const kept = { artifactId: file, name: 'a.png', kind: 'screenshot', mediaType: 'image/png', bytes: 1 } as const;
  box.queueArtifact({ ...kept, ...whole, sha256: '0'.repeat(64), position: null }, new Date());
  box.release(whole);
  box.acknowledge(whole, 1);
  box.close();
  mkdirSync(agentHome(folder, {}).spool);
  writeFileSync(join(agentHome(folder, {}).spool, file), 'x');
  peer.creditBytes = 0;
  peer.verdicts = ({ runs }) =>
    runs.map(({ jobId, attempt }) => {
      return { jobId, attempt, verdict: 'fenced', ackedSeq: 0, secrets: {}, cancelling: false };
    });
  agent = startAgent();
  await vi.waitFor(() => expect(peer.hellos.at(-1)?.runs).toHaveLength(2), SLOW);
  await vi.waitFor(() => expect(agent.outbox.run(open)).toBeNull(), SLOW);
  expect(agent.outbox.run(whole)).not.toBeNull();
});
