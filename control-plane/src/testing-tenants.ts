/** For tests: tenants of a whole control plane, with real tunnels of agents whose runs the test writes. */
import { api, type Quotas } from '@casare/shared/api';
import { ApiError, createClient, type Client } from '@casare/shared/client';
import { CHUNK_BYTES, encodeChunk, type RunEventBody } from '@casare/shared/protocol';
import { createHash, randomUUID } from 'node:crypto';
import { expect, vi } from 'vitest';
import { enrol, type Scene, type TestIdentity, type TestTunnel } from './fleet/testing.ts';
import { sql } from './platform/database/index.ts';
import type { TestControlPlane } from './testing.ts';

const serverRoot = sql<{ pem: string }, []>(
  'testServerRoot',
  `SELECT certificate_pem AS pem FROM certificate_authority WHERE kind = 'server_root'`,
);
const DOCUMENT = {
  document: { dsl: '1.0.3', namespace: 'test', name: 'plain', version: '1.0.0' },
  do: [{ act: { set: { done: true } } }],
};
/** What any agent runs. */
export const JOB = { workflow: 'test/plain' };

/** What the helpers of the fleet look at. */
export async function sceneOf(plane: TestControlPlane): Promise<Scene> {
  const [root] = await plane.database.db.query(serverRoot());
  const port = (url: string) => Number(new URL(url).port);
  const ports = { web: port(plane.urls.web), enrol: port(plane.urls.enrol), tunnel: port(plane.urls.tunnel) };
  return { ports, trust: { gateway: { presented: { anchors: [root!.pem] } } } } as unknown as Scene;
}

/** The code that a call was refused with, or `OK`. */
export async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'OK';
  } catch (error) {
    if (error instanceof ApiError) return error.problem.code;
    throw error;
  }
}

/** A tenant with an owner's client and a workflow that any agent runs. */
export async function newTenant(plane: TestControlPlane, id: string): Promise<Client> {
  await plane.client.call(api.tenants.create, { body: { id, name: id, owner: `owner@${id}.example` } });
  const client = createClient({ url: plane.url, apiKey: await plane.keyOf('owner', id) });
  await client.call(api.workflows.push, { body: DOCUMENT });
  return client;
}

export function setQuotas(plane: TestControlPlane, tenant: string, body: Partial<Quotas>) {
  return plane.client.call(api.tenants.setQuotas, { params: { tenant }, body });
}

/** An agent that may work at once. */
export async function newAgent(scene: Scene, client: Client): Promise<TestIdentity> {
  const { token } = await client.call(api.joinTokens.create, { body: { autoApprove: true } });
  return enrol(scene, token);
}

/** Takes an assignment and says that its step has begun. */
export async function begin(tunnel: TestTunnel, id: string): Promise<void> {
  const { attempt } = await tunnel.next('job.assign', ({ jobId }) => jobId === id);
  tunnel.send({ type: 'job.accepted', jobId: id, attempt });
  record(tunnel, id, 1, { type: 'run.started', resumed: false });
}

export function record(tunnel: TestTunnel, jobId: string, seq: number, body: RunEventBody): void {
  tunnel.send({ type: 'run.events', jobId, attempt: 1, events: [{ seq, at: new Date().toISOString(), body }] });
}

export function complete(tunnel: TestTunnel, jobId: string, seq: number): void {
  record(tunnel, jobId, seq, { type: 'run.completed', output: { done: true } });
}

export async function stateIs(client: Client, id: string, state: string): Promise<void> {
  await vi.waitFor(async () => {
    expect((await client.call(api.jobs.get, { params: { id } })).state).toBe(state);
  }, 20_000);
}

/** Sends a file of a run; what became of it. `stream` is of this file alone. */
export async function sendFile(
  tunnel: TestTunnel,
  jobId: string,
  file: {
    readonly stream: number;
    readonly name: string;
    readonly content: Buffer;
    readonly kind?: 'screenshot';
    readonly mediaType?: string;
  },
): Promise<{ readonly stored: string } | { readonly refused: string; readonly reason: string }> {
  const { stream, name, content, kind = 'output', mediaType = 'text/plain' } = file;
  const sha256 = createHash('sha256').update(content).digest('hex');
  const about = {
    artifactId: randomUUID(),
    name,
    kind,
    mediaType,
    bytes: content.length,
    sha256,
  } as const;
  tunnel.send({ type: 'artifact.open', stream, jobId, attempt: 1, ...about });
  const answer = () =>
    tunnel.received.find(
      (message) =>
        (message.type === 'artifact.credit' || message.type === 'artifact.refused') && message.stream === stream,
    );
  await vi.waitFor(() => expect(answer()).toBeDefined(), 10_000);
  const opened = answer()!;
  if (opened.type === 'artifact.refused') return { refused: opened.code, reason: opened.reason };
  for (let offset = 0; offset < content.length;) {
    const { upTo } = await tunnel.next('artifact.credit', (credit) => credit.stream === stream && credit.upTo > offset);
    const payload = content.subarray(offset, Math.min(upTo, offset + CHUNK_BYTES));
    tunnel.send(encodeChunk({ stream, offset, payload }));
    offset += payload.length;
  }
  tunnel.send({ type: 'artifact.end', stream });
  return { stored: (await tunnel.next('artifact.stored', (stored) => stored.stream === stream)).artifactId };
}
