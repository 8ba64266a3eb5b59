/** A part: the agents of `tunnel-dispatch`, and who submits; together, so that one clock tells both. */
import { bundleDigest, tunnelClientOptions } from '@casare/certs';
import type { ServerMessage } from '@casare/shared/protocol';
import { createSecureContext } from 'node:tls';
import { serve } from '../frame/child.ts';
import { quantile } from '../frame/rounds.ts';
import { INPUT } from '../queues/queue.ts';
import { Client, type ClientWorld } from '../tunnels/client.ts';
import type { Credentials } from '../tunnels/leaves.ts';

interface Rest {
  readonly url: string;
  readonly apiKey: string;
}

const PING_MS = 5_000;
const NAME = 'bench/noop';
const DOCUMENT = {
  document: { dsl: '1.0.3', namespace: 'bench', name: 'noop', version: '1.0.0' },
  do: [{ act: { set: { done: true } } }],
};

let rest: Rest;
let live = 0;
let completed = 0;
let lost = 0;
let onAssigned = (): void => {};
let onChange = (): void => {};

const questions = {
  /** All agents dial; resolves when all are welcomed and the workflow is saved. */
  come: async ({ credentials, port, web }: { credentials: Credentials; port: number; web: Rest }): Promise<void> => {
    rest = web;
    const { clientKeyPem, leaves, serverRootPem, serverCaPem } = credentials;
    const given = tunnelClientOptions({ privateKeyPem: clientKeyPem, chainPem: '' }, 'localhost', [serverRootPem]);
    const { key, cert: _, ...tls } = given;
    const world: ClientWorld = {
      ...{ port, tls, bundle: bundleDigest([serverRootPem]), onPong() {}, onMessage: hear },
      onWelcome() {
        live += 1;
        onChange();
      },
      onLost(_why, wasLive) {
        if (wasLive) lost += 1;
      },
    };
    const { minVersion, maxVersion } = tls;
    const clients = leaves.map(({ chainPem: cert }) => {
      const anchor = { ca: serverCaPem, allowPartialTrustChain: true };
      return new Client(world, createSecureContext({ ...anchor, key, cert, minVersion, maxVersion }), '127.0.0.2');
    });
    for (const client of clients) client.dial();
    await until(() => live >= leaves.length);
    setInterval(() => {
      for (const client of clients) client.ping();
    }, PING_MS);
    await post('/workflows', DOCUMENT);
  },
  /** Submits by bulk calls; seconds from the first call until every completion is acknowledged, and tunnels lost. */
  run: async ({ jobs, each, lanes }: { jobs: number; each: number; lanes: number }) => {
    const target = completed + jobs;
    const startedAt = performance.now();
    let left = jobs;
    const lane = async (): Promise<void> => {
      while (left > 0) {
        const count = Math.min(each, left);
        left -= count;
        await post('/jobs/bulk', { jobs: Array.from({ length: count }, () => ({ workflow: NAME, input: INPUT })) });
      }
    };
    await Promise.all([...Array.from({ length: lanes }, lane), until(() => completed >= target)]);
    return { seconds: (performance.now() - startedAt) / 1_000, lost };
  },
  /** Single submits on an idle queue: milliseconds from the call until the assignment is at the agent. */
  latency: async (jobs: number): Promise<{ p50: number; p99: number }> => {
    const times: number[] = [];
    for (let i = 0; i < jobs; i++) {
      const assigned = Promise.withResolvers<number>();
      onAssigned = () => assigned.resolve(performance.now());
      const target = completed + 1;
      const at = performance.now();
      await post('/jobs', { workflow: NAME, input: INPUT });
      times.push((await assigned.promise) - at);
      await until(() => completed >= target);
    }
    return { p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
  },
};
/** What may be asked of the agents. */
export type DispatchQuestions = typeof questions;

serve(questions);

/** Each job is accepted, begun and completed at once, in two messages, as an agent whose outbox was quick enough. */
function hear(client: Client, message: { readonly type: string }): void {
  const heard = message as ServerMessage;
  if (heard.type === 'job.assign') {
    onAssigned();
    const { jobId, attempt } = heard;
    const at = new Date().toISOString();
    client.say({ type: 'job.accepted', jobId, attempt });
    const events = [
      { seq: 1, at, body: { type: 'run.started', resumed: false } },
      { seq: 2, at, body: { type: 'run.completed', output: null } },
    ];
    client.say({ type: 'run.events', jobId, attempt, events });
  } else if (heard.type === 'run.ack' && heard.seq === 2) {
    completed += 1;
    onChange();
  }
}

async function post(path: string, body: object): Promise<void> {
  const headers = { authorization: `Bearer ${rest.apiKey}`, 'content-type': 'application/json' };
  const response = await fetch(`${rest.url}/api/v1${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  await response.arrayBuffer();
}

/** Resolves when `done`, which is asked at every change; the bench has one wait at a time. */
function until(done: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    onChange = () => {
      if (!done()) return;
      onChange = () => {};
      resolve();
    };
    onChange();
  });
}
