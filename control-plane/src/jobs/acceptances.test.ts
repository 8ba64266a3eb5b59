/** When acceptances are written, and when they need not be. */
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { Acceptances } from './acceptances.ts';
import type { AcceptedLease } from './lease.store.ts';
import { jobsHarness, type JobsHarness } from './testing.ts';

function held() {
  const batches: { readonly ids: string[]; readonly answer: () => void; readonly fail: () => void }[] = [];
  const errors: unknown[] = [];
  const acceptances = new Acceptances({
    write: (accepted) =>
      new Promise<void>((resolve, reject) => {
        batches.push({
          ids: accepted.map(({ jobId }) => jobId),
          answer: resolve,
          fail: () => reject(new Error('away')),
        });
      }),
    onRetry: (error) => errors.push(error),
  });
  return { acceptances, batches, errors };
}
const lease = (jobId: string): AcceptedLease => ({ tenant: 't', jobId, attempt: 1, agentId: 'x' });

it('writes together what came within a moment, and nothing of a run whose events are written', async () => {
  const { acceptances, batches } = held();
  for (const id of ['a', 'b', 'c']) await acceptances.add(lease(id));
  // Of another agent, which is nobody's business here.
  acceptances.superseded({ ...lease('a'), agentId: 'y' });
  acceptances.superseded(lease('b'));
  await turn();
  expect(batches).toEqual([]);
  await vi.waitFor(() => expect(batches.map(({ ids }) => ids)).toEqual([['a', 'c']]));
});

it('is flushed only when what is being written is written, too', async () => {
  const { acceptances, batches } = held();
  await acceptances.add(lease('a'));
  let flushed = 0;
  const flushes = [acceptances.flush(), acceptances.flush()].map((flush) => flush.then(() => (flushed += 1)));
  await acceptances.add(lease('b'));
  await turn();
  expect(flushed).toBe(0);
  batches[0]!.answer();
  await vi.waitFor(() => expect(batches.map(({ ids }) => ids)).toEqual([['a'], ['b']]));
  batches[1]!.answer();
  await Promise.all(flushes);
});

it('tries again what could not be written', async () => {
  const { acceptances, batches, errors } = held();
  await acceptances.add(lease('a'));
  await vi.waitFor(() => expect(batches).toHaveLength(1));
  batches[0]!.fail();
  await vi.waitFor(() => expect(batches.map(({ ids }) => ids)).toEqual([['a'], ['a']]), 5_000);
  expect(errors).toHaveLength(1);
});

it('lets those wait who add more than may wait', async () => {
  const { acceptances, batches } = held();
  for (let i = 1; i < 2_000; i++) await acceptances.add(lease(`job ${i}`));
  let added = false;
  const last = acceptances.add(lease('one more')).then(() => (added = true));
  await vi.waitFor(() => expect(batches).toHaveLength(1));
  expect(batches[0]!.ids).toHaveLength(2_000);
  await turn();
  expect(added).toBe(false);
  batches[0]!.answer();
  await last;
});

let h: JobsHarness;

beforeAll(async () => {
  h = await jobsHarness();
  await h.jobs.start();
});

afterAll(async () => {
  await h.jobs.stop();
  await h.close();
});

it('is on record before what an agent holds is compared with its leases', async () => {
  const agent = await h.agent('forgetful');
  const jobId = await h.submit(await h.workflow('forgetful'));
  await vi.waitFor(() => expect(agent.sent).toMatchObject([{ type: 'job.assign', jobId }]), 5_000);
  await h.jobs.runs.accepted(agent, jobId, 1);
  // It knows nothing of what it accepted a moment ago: not the same attempt again, which it may have begun.
  expect(await h.jobs.runs.reconcile(agent, [])).toMatchObject({ assignments: [], leases: [] });
  agent.disconnect();
});
