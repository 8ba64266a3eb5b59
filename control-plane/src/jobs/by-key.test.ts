/**
 * Transactions whose statements find their rows by keys (`BY_KEY`) leave the planner no other way. Where a statement does not
 * say its keys, PostgreSQL takes a way that is switched off, however slow: its plan says so.
 */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { RunEvent, RunEventBody } from '@casare/shared/protocol';
import { BY_KEY, sql, type Database, type Queryable, type Statement } from '../platform/database/index.ts';
import { assigned, jobsHarness, type JobsHarness } from './testing.ts';

const at = '2026-01-01T00:00:00.000Z';
const numbered = (...bodies: RunEventBody[]): RunEvent[] => bodies.map((body, index) => ({ seq: index + 1, at, body }));
const started: RunEventBody = { type: 'run.started', resumed: false };
const step = { path: '/do/0/a', position: '/do/0/a' };
const WHOLE: RunEventBody[] = [
  started,
  { type: 'step.started', ...step, name: 'a', task: 'call', effect: 'idempotent', onRestart: 'rerun' },
  { type: 'run.log', level: 'info', message: 'on my way' },
  { type: 'step.completed', ...step, output: null, durationMs: 1 },
];
const failed: RunEventBody = { type: 'run.failed', error: { type: 'about:blank', status: 503, code: 'FLAKY' } };

/** Each statement of such a transaction, by its name, as it was last asked. */
const asked = new Map<string, Statement>();
function noting(db: Database): Database {
  const on = (inner: Queryable): Queryable => ({
    query: (statement) => {
      asked.set(statement.name, statement);
      return inner.query(statement);
    },
    execute: (statement) => {
      asked.set(statement.name, statement);
      return inner.execute(statement);
    },
  });
  return {
    ...db,
    transaction: (work, options) =>
      db.transaction((tx) => work(options?.settings === BY_KEY ? { ...tx, ...on(tx) } : tx), options),
  };
}

let h: JobsHarness;
beforeAll(async () => {
  h = await jobsHarness(null, noting);
  await h.jobs.start();
});
afterAll(async () => {
  await h.jobs.stop();
  await h.close();
});

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly Disabled?: boolean;
  readonly Plans?: readonly Plan[];
}
/** `looks`: a lateral look for each key is a nested loop, which nothing can be instead. */
function disabledIn(plan: Plan, looks: boolean): string[] {
  const inner = (plan.Plans ?? []).flatMap((below) => disabledIn(below, looks));
  const isLook = looks && plan['Node Type'] === 'Nested Loop';
  if (plan.Disabled !== true || isLook) return inner;
  return [`${plan['Node Type']} ${plan['Relation Name'] ?? ''}`.trim(), ...inner];
}
async function disabledOf({ name, text, values }: Statement): Promise<string[]> {
  const explain = sql<{ 'QUERY PLAN': { Plan: Plan }[] }>(`explain.${name}`, `EXPLAIN (FORMAT JSON) ${text}`);
  const rows = await h.database.db.transaction((tx) => tx.query(explain(...values)), { settings: BY_KEY });
  return disabledIn(rows[0]!['QUERY PLAN'][0]!.Plan, text.includes('LATERAL'));
}

it('say the keys of every table that they read', async () => {
  const [workflow, agent] = [await h.workflow('keys'), await h.agent('keys', 3)];
  const more = {
    ...{ concurrencyKey: 'one', deadline: new Date(Date.now() + 600_000).toISOString(), timeoutMs: 600_000 },
    retry: { attempts: 2, backoffMs: 0, jitter: 0 },
  };
  const request = (extra: object) => ({ workflow, priority: 50, requires: [], maxAttempts: 3, ...extra });
  const ids = (await h.jobs.submit.submit(h.by, [request(more), request({})], 'a key')) as string[];
  for (const id of ids) {
    await assigned(agent, id);
    await h.jobs.runs.accepted(agent, id, 1);
    await h.jobs.runs.record(agent, id, 1, numbered(...WHOLE));
  }
  await h.jobs.runs.record(agent, ids[1]!, 1, numbered(...WHOLE, { type: 'run.completed', output: { n: 1 } }));
  await h.jobs.runs.record(agent, ids[0]!, 1, numbered(...WHOLE, failed));
  // The waiting room, the claim of an agent that came later, and what ends for good.
  const again = await vi.waitFor(() => {
    const found = agent.sent.find((message) => message.type === 'job.assign' && message.attempt === 2);
    expect(found).toBeDefined();
    return found;
  }, 10_000);
  expect(again).toMatchObject({ jobId: ids[0] });
  await h.jobs.runs.record(agent, ids[0]!, 2, numbered(started, failed));

  expect(asked.size).toBeGreaterThan(20);
  const ways: Record<string, string[]> = {};
  for (const statement of asked.values()) {
    const disabled = await disabledOf(statement);
    if (disabled.length > 0) ways[statement.name] = disabled;
  }
  expect(ways).toEqual({});
});
