/** How many agents there are, measured. A scrape asks the database nothing: it works while it is away. */
import type { Database } from '../platform/database/index.ts';
import type { Log } from '../platform/log.ts';
import { startLoop, type Loop } from '../platform/loop.ts';
import type { Metrics } from '../platform/metrics.ts';
import { countAgents } from './agent-count.store.ts';

/** How often they are counted, milliseconds. */
const INTERVAL_MS = 15_000;

/** Counts agents until the loop is stopped. */
export function measureAgents(db: Database, log: Log, metrics: Metrics): Loop {
  const gauge = metrics.gauge(
    'casare_robot_count',
    'Agents of all tenants as of the last 15 seconds: active ones are online or offline, others have the name of their state.',
    ['status'],
  );
  const run = async (): Promise<void> => {
    const counts = await countAgents(db);
    gauge.reset();
    for (const { status, count } of counts) gauge.set({ status }, count);
  };
  return startLoop({ name: 'fleet.metrics', intervalMs: INTERVAL_MS, log, run });
}
