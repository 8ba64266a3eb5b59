/**
 * For tests of supervision: an agent of its own for each test, over the real tunnel, against the test peer. Importing this
 * starts and stops them.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JobAssign, RunEvent } from '@casare/shared/protocol';
import { afterEach, beforeAll, beforeEach, expect, vi } from 'vitest';
import { createTestPki, type TestPki } from '../identity/pki-for-tests.ts';
import { assignment } from '../outbox/outbox-for-tests.ts';
import { ProtocolPeer } from '../tunnel/protocol-peer-for-tests.ts';
import { startTestAgent, type TestAgent, type TestAgentOptions } from './test-agent-for-tests.ts';

/** The product's worker. */
export const REAL = new URL('./worker.ts', import.meta.url);
/** One that does what the input of its assignment says. */
export const SCRIPTED = new URL('./scripted-worker-for-tests.ts', import.meta.url);
export const SLOW = { timeout: 20_000 };

let pki: TestPki;
/** Of this test. */
export let folder = '';
export let peer: ProtocolPeer;
/** The one that was started last. */
export let agent: TestAgent;

beforeAll(async () => {
  pki = await createTestPki();
});
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'casare-runner-'));
  peer = await ProtocolPeer.start(pki);
});
afterEach(async () => {
  await agent.stop();
  await peer.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Starts an agent on the folder of this test, also another one after the first has gone. */
export function startAgent(
  module: URL,
  hosted?: TestAgentOptions['hosted'],
  environment?: TestAgentOptions['environment'],
): void {
  agent = startTestAgent({ module, folder, pki, peer, hosted, environment });
}

/** Hands a run to the agent, once its tunnel is live. */
export async function assign(assigned: JobAssign): Promise<void> {
  await vi.waitFor(() => expect(agent.tunnel.state).toBe('live'));
  peer.send(assigned);
}

/** Waits for the ending of a run at the control plane and answers all its events. */
export async function ended(run: JobAssign): Promise<RunEvent[]> {
  await vi.waitFor(
    () => expect(peer.eventsOf(run).at(-1)?.body.type).toMatch(/^run\.(?!started|log|paused|resumed)/),
    SLOW,
  );
  const events = peer.eventsOf(run);
  expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
  return events;
}

/** A run of the scripted worker: what it does stands in the assignment's input. */
export function scripted(script: unknown[], change: Partial<JobAssign> = {}): JobAssign {
  return assignment({ input: script as JobAssign['input'], ...change });
}

export function types(events: readonly RunEvent[]): string[] {
  return events.map((event) => event.body.type);
}
