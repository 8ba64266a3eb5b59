import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { testDatabase, type TestDatabase } from './testing.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase({ migrations: 'none' });
});
afterAll(() => database.close());

/** Ends the dedicated connection from the server's side. */
async function endListeners(): Promise<void> {
  const text = `select pg_terminate_backend(pid, 5000) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and query like any (array['listen%', '%pg_notify%', 'select 1'])`;
  const ended = await database.db.query({ name: 'testEndListeners', text, values: [] });
  expect(ended.length).toBeGreaterThan(0);
}

describe('listen and notify', () => {
  it('delivers to the channel it was sent to, and not after close', async () => {
    const heard: string[] = [];
    const onConnected = vi.fn();
    const subscription = await database.db.listen('alpha', (payload) => heard.push(payload), { onConnected });
    await vi.waitFor(() => expect(onConnected).toHaveBeenCalled());
    database.db.notify('beta', 'other');
    database.db.notify('alpha', 'one');
    await vi.waitFor(() => expect(heard).toEqual(['one']));
    await subscription.close();
    const end = vi.fn();
    const last = await database.db.listen('end', end);
    database.db.notify('alpha', 'two');
    database.db.notify('end');
    await vi.waitFor(() => expect(end).toHaveBeenCalled());
    expect(heard).toEqual(['one']);
    await last.close();
  });

  it('merges equal notifications of one tick', async () => {
    const heard: string[] = [];
    const onConnected = vi.fn();
    const subscription = await database.db.listen('merge', (payload) => heard.push(payload), { onConnected });
    await vi.waitFor(() => expect(onConnected).toHaveBeenCalled());
    database.db.notify('merge', 'first');
    // More than may wait: unmerged, they would push the first one out.
    for (let count = 0; count < 1_500; count++) database.db.notify('merge', 'same');
    database.db.notify('merge', 'end');
    await vi.waitFor(() => expect(heard.at(-1)).toBe('end'));
    expect(heard).toEqual(['first', 'same', 'end']);
    await subscription.close();
  });

  it('reconnects, listens again and says so; a failing handler harms no other', async () => {
    const heard = vi.fn();
    const onConnected = vi.fn();
    const bad = await database.db.listen('again', () => {
      throw new Error('handler');
    });
    const good = await database.db.listen('again', heard, { onConnected });
    await vi.waitFor(() => expect(onConnected).toHaveBeenCalled());
    const before = onConnected.mock.calls.length;
    await endListeners();
    await vi.waitFor(() => expect(onConnected.mock.calls.length).toBeGreaterThan(before), { timeout: 10_000 });
    database.db.notify('again', 'still there');
    await vi.waitFor(() => expect(heard).toHaveBeenCalledWith('still there'));
    await bad.close();
    await good.close();
  });

  it('refuses a payload PostgreSQL would refuse', () => {
    expect(() => database.db.notify('big', 'x'.repeat(7_001))).toThrow(RangeError);
  });
});
