/**
 * Attack 31 on live events: a stream that stays open is no way around a right. What it tells is told to who may read it, and it
 * ends when its caller may less than when it was opened.
 */
import { api, type LiveEvent } from '@casare/shared/api';
import { createClient, MessageParser } from '@casare/shared/client';
import { afterAll, afterEach, beforeAll, expect, vi } from 'vitest';
import { appendLive } from '../../control-plane/src/live/index.ts';
import { startTestControlPlane, type TestControlPlane } from '../../control-plane/src/testing.ts';
import { attack } from './attack.ts';

let plane: TestControlPlane;
const opened: AbortController[] = [];
beforeAll(async () => {
  plane = await startTestControlPlane();
});
afterEach(() => {
  for (const one of opened.splice(0)) one.abort();
});
afterAll(() => plane.close());

/** A stream of somebody: what it told so far, and whether it has ended. */
async function follow(apiKey: string): Promise<{ readonly told: LiveEvent[]; readonly state: { ended: boolean } }> {
  const stop = new AbortController();
  opened.push(stop);
  const headers = { authorization: `Bearer ${apiKey}` };
  const response = await fetch(`${plane.url}/api/v1/events`, { headers, signal: stop.signal });
  expect(response.status).toBe(200);
  const told: LiveEvent[] = [];
  const state = { ended: false };
  void (async () => {
    const parser = new MessageParser();
    const decoder = new TextDecoder();
    try {
      for await (const chunk of response.body! as AsyncIterable<Uint8Array>) {
        for (const { data } of parser.push(decoder.decode(chunk, { stream: true })))
          told.push(JSON.parse(data) as LiveEvent);
      }
    } catch {
      // Broken off is ended too.
    }
    state.ended = true;
  })();
  return { told, state };
}

const at = '2026-01-01T00:00:00.000Z';
const jobId = '0198a7c0-0000-7000-8000-000000000001';
const EVENTS: readonly LiveEvent[] = [
  { type: 'trust.changed', at, subject: 'agent:told-to-who-may', action: 'locked' },
  { type: 'agent.changed', at, agentId: jobId, name: 'press', state: 'active', connected: true },
  { type: 'agent.drained', at, agentId: jobId, name: 'press' },
  { type: 'schedule.changed', at, scheduleId: jobId, name: 'nightly', action: 'created' },
  { type: 'job.changed', at, jobId, state: 'running', attempt: 1 },
];

attack(
  31,
  'live events tell nobody of what they may not read: neither a role without the right, nor a key that has less than its role',
  [{ file: 'control-plane/src/live/live.controller.ts', find: 'allows(caller, READ_BY[event.type])', replace: 'true' }],
  async () => {
    const { key } = await plane.client.call(api.apiKeys.create, { body: { name: 'jobs', scopes: ['jobs:read'] } });
    const [owner, viewer, narrow] = await Promise.all([
      follow(plane.admin.apiKey),
      follow(await plane.keyOf('viewer')),
      follow(key),
    ]);
    await plane.database.db.transaction((tx) =>
      appendLive(
        tx,
        EVENTS.map((event) => ({ tenant: plane.admin.tenant, event })),
      ),
    );
    for (const { told } of [owner, viewer, narrow])
      await vi.waitFor(() => expect(told.at(-1)?.type).toBe('job.changed'));
    const kinds = ({ told }: { readonly told: readonly LiveEvent[] }) => told.map(({ type }) => type);
    // The control: who may all is told all.
    expect(kinds(owner)).toEqual(EVENTS.map(({ type }) => type));
    expect(kinds(viewer)).toEqual(['agent.changed', 'agent.drained', 'schedule.changed', 'job.changed']);
    expect(kinds(narrow)).toEqual(['job.changed']);
  },
);

attack(
  31,
  'a stream that was open when its account was limited to a site, or given a lesser role, ends',
  [
    {
      file: 'control-plane/src/platform/http/open-streams.ts',
      find: '!within(caller, now)',
      replace: 'false',
    },
  ],
  async () => {
    const keys = [await plane.keyOf('admin'), await plane.keyOf('admin'), await plane.keyOf('admin')];
    const [limited, demoted, kept] = await Promise.all(keys.map(follow));
    const accountOf = async (apiKey: string) =>
      (await createClient({ url: plane.url, apiKey }).call(api.auth.me)).accountId;
    const set = async (apiKey: string, body: { role: 'admin' | 'viewer'; sites?: string[] }) =>
      plane.client.call(api.accounts.setRole, { params: { id: await accountOf(apiKey) }, body });
    await set(keys[0]!, { role: 'admin', sites: ['here'] });
    await set(keys[1]!, { role: 'viewer' });
    await vi.waitFor(() => expect([limited!.state.ended, demoted!.state.ended]).toEqual([true, true]));
    // The control: whose rights are as they were goes on.
    await plane.database.db.transaction((tx) =>
      appendLive(tx, [{ tenant: plane.admin.tenant, event: EVENTS.at(-1)! }]),
    );
    await vi.waitFor(() => expect(kept!.told.map(({ type }) => type)).toContain('job.changed'));
    expect(kept!.state.ended).toBe(false);
  },
);
