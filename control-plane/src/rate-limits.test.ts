/** Rate limits of a whole control plane: one budget for each credential, by whichever door it comes in; patient clients wait. */
import { api } from '@casare/shared/api';
import { createClient, PATIENT } from '@casare/shared/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestControlPlane, type TestControlPlane } from './testing.ts';

/** One a second, ten at once. */
const BURST = 10;
let plane: TestControlPlane;
beforeAll(async () => {
  plane = await startTestControlPlane({ CASARE_RATE_LIMIT: '1' });
}, 60_000);
afterAll(() => plane.close());

const DOORS = {
  rest: ['GET', '/api/v1/auth/me', undefined],
  graphql: ['POST', '/graphql', JSON.stringify({ query: '{ __typename }' })],
} as const;

async function knock(door: keyof typeof DOORS, key: string) {
  const [method, path, body] = DOORS[door];
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const response = await fetch(plane.url + path, { method, headers, ...(body === undefined ? {} : { body }) });
  const { code } = (await response.json()) as { code?: string };
  const said = (name: string) => response.headers.get(name);
  return {
    status: response.status,
    code,
    limit: said('ratelimit'),
    policy: said('ratelimit-policy'),
    retry: said('retry-after'),
  };
}

it('REST and GraphQL of one key share a budget, and another key has its own', async () => {
  const [ann, ben] = [await plane.keyOf('viewer'), await plane.keyOf('viewer')];
  const began = performance.now();
  const doors = Array.from({ length: 2 * BURST }, () => ['rest', 'graphql'] as const).flat();
  const all = await Promise.all(doors.map((door) => knock(door, ann)));
  const seconds = (performance.now() - began) / 1_000;
  const done = all.filter(({ status }) => status === 200);
  // What comes back meanwhile may be used too. With a budget for each door there would be twice as many.
  expect(done.length).toBeGreaterThanOrEqual(BURST);
  expect(done.length).toBeLessThanOrEqual(BURST + Math.ceil(seconds));
  expect(new Set(all.map(({ policy }) => policy))).toEqual(new Set([`"credential";q=${BURST};w=10`]));
  const refused = all.filter(({ status }) => status !== 200);
  expect(refused.length).toBeGreaterThan(0);
  for (const answer of refused) {
    expect(answer).toMatchObject({ status: 429, code: 'RATE_LIMITED', retry: '1' });
    expect(answer.limit).toMatch(/^"credential";r=0;t=(9|10)$/);
  }
  expect(await knock('graphql', ben)).toMatchObject({
    status: 200,
    limit: `"credential";r=${BURST - 1};t=1`,
    retry: null,
  });
});

it('the client of the command line waits as long as it is asked to, and comes through', async () => {
  const apiKey = await plane.keyOf('viewer');
  let refused = 0;
  const counted: typeof fetch = async (to, init) => {
    const response = await fetch(to, init);
    if (response.status === 429) refused += 1;
    return response;
  };
  const pauses: number[] = [];
  const pause: typeof PATIENT.pause = (ms, signal) => {
    pauses.push(ms);
    return PATIENT.pause(ms, signal);
  };
  const client = createClient({ url: plane.url, apiKey, fetch: counted, patience: { ...PATIENT, pause } });
  // Until one was refused; none of the calls fails.
  while (refused === 0) await Promise.all([1, 2, 3].map(() => client.call(api.auth.me)));
  expect(pauses).toHaveLength(refused);
  expect(Math.min(...pauses)).toBeGreaterThanOrEqual(1_000);
}, 60_000);
