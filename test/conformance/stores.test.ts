/**
 * The memory database of the simulation answers like PostgreSQL: the same cases through the same store functions, every
 * answer of every statement compared, and the tables after each case.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sql, type Database } from '../../control-plane/src/platform/database/index.ts';
import { testDatabase, type TestDatabase } from '../../control-plane/src/platform/database/testing.ts';
import { MemoryServer, TWINS } from '../simulation/memory/database.ts';
import type { Tables } from '../simulation/memory/rows.ts';
import { AGENTS, OTHER, TENANT } from './case-kit.ts';
import { CASES } from './cases.ts';
import { comparableRow, recording, sorted, type Answer } from './recording.ts';

const addTenant = sql('conformanceTenant', `INSERT INTO tenant (id, name) VALUES ($1, $1)`);
const addAgent = sql(
  'conformanceAgent',
  `INSERT INTO agent (tenant_id, id, name, state, join_token_id, key_digest) VALUES ($1, $2::uuid, $3, 'active', 't', $3)`,
);
/** Live events and the audit log are written and, in the simulation, never read. */
const COMPARED = [
  ...[
    'job',
    'job_ready',
    'job_waiting',
    'job_key',
    'job_deadline',
    'job_lease',
    'job_fence',
    'job_attempt',
    'job_event',
    'job_step',
  ],
  ...['idempotency_key', 'gateway', 'agent_session', 'route', 'singleton'],
] as const satisfies readonly (keyof Tables)[];
const readTable = Object.fromEntries(
  COMPARED.map((table) => [table, sql<Record<string, unknown>>(`conformanceRead_${table}`, `SELECT * FROM ${table}`)]),
);

/** Files whose statements the simulated services use: every one of them has a twin. */
const WHOLE = [
  'fence',
  'lease',
  'pause',
  'queue-postgres',
  'retry',
  'route',
  'run',
  'session',
  'silence',
  'submit',
  'sweep',
  'time-limit',
  'transition',
  'waiting',
];
/** Of other files: the statements that they use beside those. */
const SOME = [
  'takeSingletons',
  'giveUpSingletons',
  'assignmentsOf',
  'stepsAt',
  'listArtifacts',
  'closuresOfAll',
  'appendLive',
  'appendJobChanges',
  'pruneLive',
  'appendAudit',
  'claimIdempotencyKeys',
  'findIdempotencyKey',
  'dropIdempotencyKeys',
];

const server = new MemoryServer({ now: () => Date.now() });
let postgres: TestDatabase;

beforeAll(async () => {
  postgres = await testDatabase();
  for (const tenant of [TENANT, OTHER]) await postgres.owner.execute(addTenant(tenant));
  for (const agent of AGENTS) {
    await postgres.owner.execute(addAgent(TENANT, agent, `agent ${agent}`));
    server.tables.agent.insert({ tenant_id: TENANT, id: agent, name: `agent ${agent}`, state: 'active' });
  }
});

afterAll(async () => {
  await postgres.close();
});

/** The tables with the columns that memory has; identity numbers and times by whether they are there. */
async function tablesOf(db: Database): Promise<Record<string, unknown>> {
  const tables: Record<string, unknown> = {};
  for (const name of COMPARED) {
    const kept = server.tables[name].all().map((row) => comparableRow(row));
    const columns = Object.keys(kept[0] ?? {}).filter((column) => !(name === 'job_ready' && column === 'seq'));
    const rows = db === postgres.owner ? (await db.query(readTable[name]!())).map(comparableRow) : kept;
    tables[name] = sorted(
      rows.map((row) => Object.fromEntries(columns.map((column) => [column, timeless(column, row[column])]))),
    );
  }
  return tables;
}

function timeless(column: string, value: unknown): unknown {
  const isTime = /_at$|_until$|^(at|since|until|deadline|not_before|settle_after)$/.test(column);
  return isTime ? value !== null : value;
}

describe('PostgreSQL and memory', () => {
  const [real, twins]: [Answer[], Answer[]] = [[], []];

  for (const { name, run } of CASES) {
    test(`answer alike: ${name}`, async () => {
      real.length = 0;
      twins.length = 0;
      const memory = server.connect();
      const expected = await run(recording(postgres.owner, real));
      const given = await run(recording(memory, twins));
      for (const [statement] of twins) asked.add(statement);
      expect(twins).toEqual(real);
      expect(given).toEqual(expected);
      expect(await tablesOf(memory)).toEqual(await tablesOf(postgres.owner));
    });
  }
});

const asked = new Set<string>();

describe('every statement', () => {
  const folder = new URL('../../control-plane/src/jobs/', import.meta.url);
  const declared = readdirSync(folder)
    .filter((file) => WHOLE.some((store) => file === `${store}.store.ts`))
    .flatMap((file) => [...readFileSync(new URL(file, folder), 'utf8').matchAll(/= sql\b[^']*\(\s*'(\w+)',/g)])
    .map(([, name]) => name!);

  test('of these stores is found', () => expect(declared.length).toBeGreaterThan(WHOLE.length * 3));

  test('has a twin, and no twin is left over', () => {
    expect(Object.keys(TWINS).sort()).toEqual([...declared, ...SOME].sort());
  });

  test('was asked in a case, on both', () => {
    expect([...declared, ...SOME].filter((name) => !asked.has(name))).toEqual([]);
  });

  test('without a twin fails', async () => {
    const unknown = sql('conformanceUnknown', 'SELECT 1');
    await expect(server.connect().query(unknown())).rejects.toThrow('conformanceUnknown has no twin');
  });
});
