/**
 * Test support for the jobs feature on a real database: a tenant, an agent, a workflow and the feature put together
 * without its loops, so that a test moves every part itself.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, vi } from 'vitest';
import { LiveService } from '../live/index.ts';
import { systemClock } from '../platform/clock.ts';
import { sql, type Database } from '../platform/database/index.ts';
import { testDatabase, type TestDatabase } from '../platform/database/testing.ts';
import { Fault } from '../platform/errors.ts';
import { createIds } from '../platform/ids.ts';
import { silentLog } from '../platform/log.ts';
import { isRefusal } from '../platform/refusal.ts';
import type { JobAssign, ServerMessage } from '@casare/shared/protocol';
import type { JobRetry } from '@casare/shared/workflow';
import type { KnownLease } from './held-agents.ts';
import { createJobs, type Jobs, type JobsOptions } from './jobs.module.ts';
import type { RunnableWorkflow, WorkflowsPort } from './workflows.port.ts';

export { keepHistory } from './history.ts';

const TENANT = 'default';

const addTenant = sql('testAddTenant', `INSERT INTO tenant (id, name, operator) VALUES ('default', 'Default', true)`);
const addAgent = sql(
  'testAddAgent',
  `INSERT INTO agent (tenant_id, id, name, state, join_token_id, key_digest) VALUES ('default', $1, $2, 'active', 't', $3)`,
);
const agentsNamed = sql<{ id: string }, [reference: string]>(
  'testAgentsNamed',
  'SELECT id FROM agent WHERE name = $1 OR id::text = $1 LIMIT 2',
);
const addWorkflow = sql(
  'testAddWorkflow',
  `INSERT INTO workflow_version (tenant_id, id, namespace, name, version, source, document, digest, analysis)
   VALUES ('default', $1, 'test', $2, '1.0.0', '', '{}', 'digest', '{}')`,
);

/** What a test's workflow is like. */
export interface WorkflowOptions {
  /** Its step must not be repeated. */
  readonly unsafe?: boolean;
  readonly hold?: boolean;
  readonly graceMs?: number;
  readonly secrets?: readonly string[];
  readonly retry?: JobRetry;
}

/** The feature on a database of its own. */
export interface JobsHarness {
  readonly jobs: Jobs;
  readonly database: TestDatabase;
  readonly by: { tenant: string; actor: string };
  /** Adds a workflow that only agents of the same name run; its one step is harmless unless said otherwise. */
  workflow(name: string, options?: WorkflowOptions): Promise<string>;
  readonly workflows: WorkflowsPort;
  /** Submits one job of the workflow; throws where it is refused. */
  submit(workflow: string, more?: object, on?: Jobs): Promise<string>;
  /** Adds an agent with its tunnel on a replica, the first unless said otherwise; what it is sent lands in `sent`. */
  agent(name: string, slots?: number, replica?: Jobs): Promise<TestAgent>;
  /** Names of secrets whose key cannot be had now. */
  readonly away: Set<string>;
  /** Another replica on the same database; the test starts and stops it. */
  replica(): Jobs;
  close(): Promise<void>;
}

/** A connected agent of a test. */
export interface TestAgent {
  readonly tenant: string;
  readonly agentId: string;
  readonly sent: ServerMessage[];
  readonly sessionId: string;
  disconnect(): void;
  /** Its tunnel is there anew, as this session. */
  reconnect(sessionId: string, leases?: readonly KnownLease[]): void;
}

/**
 * Opens the harness, with times of its own where a test cannot wait for the real ones. `around` sees what the feature asks
 * of the database.
 */
export async function jobsHarness(
  times: Pick<JobsOptions, 'times' | 'heartbeatMs' | 'quotas' | 'counts' | 'metrics'> | null = null,
  around: (db: Database) => Database = (db) => db,
): Promise<JobsHarness> {
  const database = await testDatabase();
  const db = around(database.db);
  const home = await mkdtemp(path.join(os.tmpdir(), 'casare-jobs-'));
  await database.db.execute(addTenant());
  const workflows = new Map<string, RunnableWorkflow>();
  const away = new Set<string>();
  const port: WorkflowsPort = {
    resolve: (_, reference) => Promise.resolve(workflows.get(reference)!),
    validateInput: () => [],
  };
  const replica = (): Jobs =>
    createJobs({
      db,
      clock: systemClock,
      ids: createIds(systemClock),
      log: silentLog,
      live: new LiveService(database.db),
      home,
      heartbeatMs: 1_000,
      fitness: () => Promise.resolve([]),
      agentIds: async (_, reference) => (await database.db.query(agentsNamed(reference))).map(({ id }) => id),
      workflows: port,
      secrets: {
        // Of the names that begin with `known` there is a value.
        secretsFor: (_, names) => {
          if (names.some((name) => away.has(name))) {
            return Promise.reject(new Fault({ code: 'SECRETS_KEY_UNAVAILABLE', what: 'the key is away' }));
          }
          const missing = names.filter((name) => !name.startsWith('known'));
          const known = names.filter((name) => name.startsWith('known'));
          const values = Object.fromEntries(known.map((name) => [name, 'a known value']));
          return Promise.resolve({ values, rules: {}, missing });
        },
      },
      ...times,
    });
  const jobs = replica();
  const by = { tenant: TENANT, actor: 'account:test' };
  return {
    jobs,
    replica,
    away,
    database,
    by,
    workflows: port,
    async workflow(name, options = {}) {
      const workflow = testWorkflow(name, options);
      await database.db.execute(addWorkflow(workflow.id, name));
      workflows.set(`test/${name}`, workflow).set(workflow.id, workflow);
      return `test/${name}`;
    },
    async submit(workflow, more = {}, on = jobs) {
      const request = { workflow, priority: 50, requires: [], maxAttempts: 3, ...more };
      const ids = await on.submit.submit(by, [request], null);
      if (isRefusal(ids)) throw new Error(ids.code);
      return ids[0]!;
    },
    async agent(name, slots = 1, on = jobs) {
      const agent = { tenant: TENANT, agentId: randomUUID(), sent: [] as ServerMessage[] };
      await database.db.execute(addAgent(agent.agentId, name, agent.agentId));
      const sessionId = randomUUID();
      const connect = (as: string, leases: readonly KnownLease[] = []): void =>
        on.dispatcher.connect(
          {
            ...agent,
            sessionId: as,
            site: null,
            labels: new Set([labelOf(name)]),
            slots: { plain: slots, browser: 0, desktop: 0 },
            active: true,
            pauses: true,
            send: (message) => agent.sent.push(message),
          },
          leases,
        );
      connect(sessionId);
      const disconnect = (): void => on.dispatcher.disconnect(agent.agentId, sessionId);
      return { ...agent, sessionId, disconnect, reconnect: connect };
    },
    async close() {
      await database.close();
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** Only the agent of the same name runs a workflow. */
function labelOf(name: string): string {
  return `test=${name.replaceAll(' ', '-')}`;
}

function testWorkflow(name: string, options: WorkflowOptions): RunnableWorkflow {
  const task = options.unsafe
    ? { call: 'browser.click:1.0.0', with: { target: 'button "Save"' } }
    : { set: { done: true } };
  return {
    id: randomUUID(),
    namespace: 'test',
    name,
    version: '1.0.0',
    digest: '0'.repeat(64),
    document: { document: { dsl: '1.0.3', namespace: 'test', name, version: '1.0.0' }, do: [{ act: task }] },
    analysis: {
      slot: 'plain',
      // Only the agent of the same name runs it, so that tests do not take each other's jobs.
      capabilities: [labelOf(name)],
      secrets: options.secrets ?? [],
      onDisconnect: options.hold ? 'hold' : 'continue',
      disconnectGraceMs: options.graceMs ?? 600_000,
      retry: options.retry,
    },
  };
}

/** The assignment of an attempt, once the agent was sent it. */
export async function assigned(agent: TestAgent, jobId: string, attempt = 1): Promise<JobAssign> {
  return vi.waitFor(() => {
    const found = agent.sent.find((m) => m.type === 'job.assign' && m.jobId === jobId && m.attempt === attempt);
    expect(found).toBeDefined();
    return found as JobAssign;
  }, 10_000);
}
