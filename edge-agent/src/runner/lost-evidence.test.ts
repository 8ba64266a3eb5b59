/** Evidence that cannot be sent any more is told of at the control plane: a note arrives in its place. The tunnel is the real one. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JobAssign } from '@casare/shared/protocol';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createTestPki } from '../identity/pki-for-tests.ts';
import { assignment } from '../outbox/outbox-for-tests.ts';
import { ProtocolPeer } from '../tunnel/protocol-peer-for-tests.ts';
import { startTestAgent, type TestAgent } from './test-agent-for-tests.ts';

const SCRIPTED = new URL('./scripted-worker-for-tests.ts', import.meta.url);

let folder = '';
let peer: ProtocolPeer;
let agent: TestAgent;
let run: JobAssign;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'casare-lost-'));
  const pki = await createTestPki();
  peer = await ProtocolPeer.start(pki);
  agent = startTestAgent({ module: SCRIPTED, folder, pki, peer });
  await vi.waitFor(() => expect(agent.tunnel.state).toBe('live'));
  run = assignment({ input: ['ignore cancel'] });
  peer.send(run);
  await vi.waitFor(() => expect(peer.messagesOf('job.accepted')).toHaveLength(1));
});
afterEach(async () => {
  await agent.stop();
  await peer.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A file that the outbox lists and whose bytes are gone. */
function queueGone(name: string, kind: 'screenshot' | 'output'): void {
  const about = { name, kind, mediaType: 'image/png', sha256: '0'.repeat(64), bytes: 9, position: '/do/0/a' };
  agent.outbox.queueArtifact(
    { artifactId: randomUUID(), jobId: run.jobId, attempt: run.attempt, ...about },
    new Date(),
  );
  agent.tunnel.wake(run);
}

const arrived = (): string[] => [...peer.files.values()].filter(({ stored }) => stored).map(({ open }) => open.name);

test('its bytes are gone: the note says what was lost, at its step', async () => {
  queueGone('steps/a/after.png', 'screenshot');
  await vi.waitFor(() => expect(arrived()).toEqual(['steps/a/after.png.ARTIFACT_LOST.lost.json']));
  const note = [...peer.files.values()].find(({ stored }) => stored)!;
  expect(note.open).toMatchObject({ kind: 'screenshot', position: '/do/0/a', jobId: run.jobId });
  expect(JSON.parse(String(note.bytes))).toMatchObject({ lost: { name: 'steps/a/after.png', code: 'ARTIFACT_LOST' } });
});

test('an output that is lost has no note: the run fails by it', async () => {
  queueGone('result.png', 'output');
  await vi.waitFor(() => expect(agent.outbox.artifactsOf(run).map(({ state }) => state)).toEqual(['refused']));
  expect(agent.outbox.artifactsOf(run)).toHaveLength(1);
});

test('it does not fit the quota: after a few tries a note says so, which does', { timeout: 30_000 }, async () => {
  peer.refuses = ({ bytes, name }) => (bytes === 9 && !name.endsWith('.json') ? 'QUOTA_STORED_BYTES' : null);
  queueGone('steps/a/after.png', 'screenshot');
  const note = 'steps/a/after.png.QUOTA_STORED_BYTES.lost.json';
  await vi.waitFor(() => expect(arrived()).toEqual([note]), 20_000);
  const opened = peer.messagesOf('artifact.open').map(({ name }) => name);
  expect(opened).toEqual(['steps/a/after.png', 'steps/a/after.png', 'steps/a/after.png', note]);
});
