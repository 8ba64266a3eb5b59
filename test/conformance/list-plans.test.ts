/**
 * How the big lists are read. With sorting and whole reads of a table switched off, PostgreSQL takes them only where a list
 * has no index to go by: its plan says so. No rows are needed for that. The attempts of one job are few and are sorted.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { listEntries } from '../../control-plane/src/audit/audit-chain.store.ts';
import { listAgents } from '../../control-plane/src/fleet/agent.store.ts';
import { findArtifacts } from '../../control-plane/src/jobs/artifact.store.ts';
import { findDeadLetters } from '../../control-plane/src/jobs/dead-letter.store.ts';
import { findJobs, type JobFilter } from '../../control-plane/src/jobs/job.store.ts';
import { findLogs, findSteps } from '../../control-plane/src/jobs/step.store.ts';
import { sql, type Queryable, type Statement } from '../../control-plane/src/platform/database/index.ts';
import { testDatabase, type TestDatabase } from '../../control-plane/src/platform/database/testing.ts';
import { listFirings } from '../../control-plane/src/schedules/firing.store.ts';
import { list as listCertificates } from '../../control-plane/src/trust/certificate-list.store.ts';

const ID = '0198a7c0-0000-7000-8000-000000000000';
const OLDER = '0198a000-0000-7000-8000-000000000000';
/** Tables that grow without a bound of their own. */
const BIG = /^(job|job_\w+|artifact|agent|agent_certificate|audit_\w+|schedule_firing)$/;

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly Disabled?: boolean;
  readonly Plans?: readonly Plan[];
}

/** Runs nothing, and notes what it would run; lists look names up first. */
function noting(): { db: Queryable; asked: Statement[] } {
  const asked: Statement[] = [];
  const query = (statement: Statement) => {
    if (statement.name === 'routesAt') return Promise.resolve([{ id: '7' }]);
    if (statement.name === 'newestJobsFrom') return Promise.resolve([{ id: OLDER }]);
    if (statement.name === 'versionsLike' && statement.values[1] === 'abc') return Promise.resolve([]);
    if (statement.name.startsWith('versions')) return Promise.resolve([{ id: ID }]);
    asked.push(statement);
    return Promise.resolve([]);
  };
  return { asked, db: { query, execute: () => Promise.reject(new Error('a list changes nothing')) } as never };
}

async function waysOf({ name, text, values }: Statement): Promise<string[]> {
  const explain = sql<{ 'QUERY PLAN': { Plan: Plan }[] }>(`testExplain.${name}`, `EXPLAIN (FORMAT JSON) ${text}`);
  const settings = { enable_seqscan: 'off', enable_sort: 'off', enable_bitmapscan: 'off', jit: 'off' };
  const [row] = await database.owner.transaction((tx) => tx.query(explain(...values)), { settings });
  return disabledIn(row!['QUERY PLAN'][0]!.Plan);
}

function disabledIn(plan: Plan): string[] {
  const inner = (plan.Plans ?? []).flatMap(disabledIn);
  const isBig = plan['Relation Name'] === undefined || BIG.test(plan['Relation Name'].replace(/_(p?\d+|default)$/, ''));
  return plan.Disabled === true && isBig
    ? [`${plan['Node Type']} ${plan['Relation Name'] ?? ''}`.trim(), ...inner]
    : inner;
}

const none: JobFilter = { state: null, workflow: null, agent: null, site: null, since: null, until: null, text: null };
const narrowed: readonly (readonly [string, Partial<JobFilter>])[] = [
  ['all', {}],
  ['that run', { state: 'running' }],
  ['that failed', { state: 'failed' }],
  ['that failed on an agent', { state: 'failed', agent: ID }],
  ['that succeeded', { state: 'succeeded' }],
  ['of a workflow', { workflow: 'a/b' }],
  ['of a site', { site: 'here' }],
  ['of a time', { since: '2020-01-01T00:00:00Z', until: '2100-01-01T00:00:00Z' }],
  ['that wait', { state: 'pending' }],
  ['of a text', { text: 'a name' }],
  ['of an id', { text: ID }],
  ['of a part of an id', { text: 'abc' }],
];
const ends = [true, false].flatMap((ascending) => [null, ID].map((beyond) => ({ ascending, beyond, limit: 51 })));

const lists: readonly (readonly [string, (db: Queryable) => Promise<unknown>])[] = [
  ...narrowed.flatMap(([name, filter]) =>
    ends.map((range) => [`jobs ${name}`, (db: Queryable) => findJobs(db, 't', { ...none, ...filter }, range)] as const),
  ),
  ...ends.flatMap((range) => [
    ['dead letters', (db: Queryable) => findDeadLetters(db, 't', { filter: {}, ids: null, ...range })] as const,
    ['firings', (db: Queryable) => listFirings(db, { tenant: 't', id: ID }, range)] as const,
    [
      'the audit log',
      (db: Queryable) => listEntries(db, 't', { ...range, beyond: range.beyond === null ? null : 5 }, {}),
    ] as const,
    [
      'certificates',
      (db: Queryable) =>
        listCertificates(db, 't', {}, range.beyond === null ? null : { micros: 1, serial: 'aa' }, range),
    ] as const,
    ...(['age', 'name'] as const).map(
      (by) =>
        [
          `agents by ${by}`,
          (db: Queryable) =>
            listAgents(
              db,
              't',
              {},
              { ...range, by, beyond: range.beyond === null ? null : { id: ID, name: by === 'age' ? null : 'n' } },
            ),
        ] as const,
    ),
  ]),
  ['steps', (db) => findSteps(db, 't', ID, [0, 0], 51)],
  ['logs', (db) => findLogs(db, 't', ID, [0, 0], 51)],
  ['files', (db) => findArtifacts(db, 't', ID, ['', ''], 51)],
];

it('each has an index to find and to order its rows by, in both ways', async () => {
  const wrong: Record<string, string[]> = {};
  for (const [name, list] of lists) {
    const { db, asked } = noting();
    await list(db);
    expect([name, asked.length]).toEqual([name, 1]);
    const ways = await waysOf(asked[0]!);
    if (ways.length > 0) wrong[`${name}: ${asked[0]!.name}`] = ways;
  }
  expect(wrong).toEqual({});
});
