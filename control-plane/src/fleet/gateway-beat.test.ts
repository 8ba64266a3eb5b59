/** The gateway's right to renew leases, on a real database. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { ManualClock } from '../platform/clock.ts';
import { sql } from '../platform/database/index.ts';
import { testDatabase, type TestDatabase } from '../platform/database/testing.ts';
import { createIds } from '../platform/ids.ts';
import { silentLog } from '../platform/log.ts';
import { GatewayBeat, HEARTBEAT_MS } from './gateway-beat.ts';

const gateways = sql<{ id: string; at: Date }, []>('testGateways', 'SELECT id, heartbeat_at AS at FROM gateway');
const forget = sql('testForgetGateways', 'DELETE FROM gateway');

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

it('is there while the heartbeat is fresh, comes back with the next one, and a lost gateway starts anew', async () => {
  const clock = new ManualClock();
  const onLost = vi.fn();
  const { db } = database;
  const beat = new GatewayBeat({ db, clock, ids: createIds(clock), log: silentLog, onLost });
  expect(beat.isFresh()).toBe(false);
  await beat.start();
  expect(beat.isFresh()).toBe(true);
  const [first] = await db.query(gateways());
  clock.advance(HEARTBEAT_MS + 1);
  expect(beat.isFresh()).toBe(false);
  const granted = vi.fn(() => expect(beat.isFresh()).toBe(true));
  beat.whenFresh(granted);
  expect(granted).not.toHaveBeenCalled();
  await vi.waitFor(() => expect(granted).toHaveBeenCalledTimes(1), 10_000);
  const [second] = await db.query(gateways());
  expect(second!.id).toBe(first!.id);
  expect(second!.at.getTime()).toBeGreaterThan(first!.at.getTime());
  await db.execute(forget());
  await vi.waitFor(() => expect(onLost).toHaveBeenCalledTimes(1), 10_000);
  await vi.waitFor(async () => expect((await db.query(gateways()))[0]?.id).toBe(beat.id), 10_000);
  expect(beat.id).not.toBe(first!.id);
  await beat.stop();
  expect(await db.query(gateways())).toEqual([]);
  expect(beat.isFresh()).toBe(false);
});
