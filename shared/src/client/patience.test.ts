import { expect, test } from 'vitest';
import { api } from '../api/index.ts';
import { ApiError, createClient } from './client.ts';
import { PATIENT } from './patience.ts';

const problem = (status: number, after?: string): Response =>
  new Response(JSON.stringify({ type: 't', title: 'Busy.', status, code: 'SUBMITS_BUSY' }), {
    status,
    headers: after === undefined ? {} : { 'retry-after': after },
  });
const ID = '0198a7c0-0000-7000-8000-000000000000';
const job = (): Response => Response.json({ ids: [ID] });
const submit = { body: { jobs: [{ workflow: 'test/a' }] } };

/** A client before a server that gives these answers; the pauses it made. */
function before(answers: Response[]) {
  const pauses: number[] = [];
  const pause = (ms: number) => Promise.resolve(void pauses.push(ms));
  const patience = { ...PATIENT, tries: 3, longestMs: 10_000, random: () => 0.5, pause };
  const answer = () => Promise.resolve(answers.shift() ?? problem(500));
  return { client: createClient({ url: 'http://x', fetch: answer, patience }), pauses, left: answers };
}

test('a server that asks for patience is waited for, a little longer than it asks', async () => {
  const { client, pauses } = before([problem(429, '2'), problem(429, '0'), job()]);
  await expect(client.call(api.jobs.submitBulk, submit)).resolves.toEqual({ ids: [ID] });
  expect(pauses).toEqual([2_500, 0]);
});

test('not for ever, and not for long', async () => {
  const often = before([problem(429, '1'), problem(429, '1'), problem(429, '1'), job()]);
  await expect(often.client.call(api.jobs.submitBulk, submit)).rejects.toBeInstanceOf(ApiError);
  expect(often.left).toHaveLength(1);
  const long = before([problem(429, '11'), job()]);
  await expect(long.client.call(api.jobs.submitBulk, submit)).rejects.toMatchObject({
    problem: { code: 'SUBMITS_BUSY' },
  });
  expect(long.pauses).toEqual([]);
});

test.each([
  ['an answer that asks for nothing', submit, [problem(429), job()]],
  ['a 503 to a call that may have had its effect', submit, [problem(503, '1'), job()]],
  ['any other refusal', { ...submit, idempotencyKey: 'k' }, [problem(409, '1'), job()]],
])('%s is given back', async (_, call, answers) => {
  const { client, left } = before(answers);
  await expect(client.call(api.jobs.submitBulk, call)).rejects.toBeInstanceOf(ApiError);
  expect(left).toHaveLength(1);
});

test('a 503 to a call that may come twice is tried again', async () => {
  const keyed = before([problem(503, '1'), job()]);
  await expect(keyed.client.call(api.jobs.submitBulk, { ...submit, idempotencyKey: 'k' })).resolves.toBeDefined();
  const reading = before([problem(503, '1'), Response.json({ items: [], nextCursor: null })]);
  await expect(reading.client.call(api.agents.list, {})).resolves.toEqual({ items: [], nextCursor: null });
});

test('without patience nothing is tried again', async () => {
  const answers = [problem(429, '0'), job()];
  const client = createClient({ url: 'http://x', fetch: () => Promise.resolve(answers.shift()!) });
  await expect(client.call(api.jobs.submitBulk, submit)).rejects.toBeInstanceOf(ApiError);
});

test('a pause ends with the call that waits', async () => {
  const stop = new AbortController();
  const paused = PATIENT.pause(60_000, stop.signal);
  stop.abort(new Error('enough'));
  await expect(paused).rejects.toThrow('enough');
});
