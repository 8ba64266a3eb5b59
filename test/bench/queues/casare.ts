/**
 * Ours: the jobs feature as the control plane puts it together, on its own tables, with agents that live in this process
 * and take their jobs as dispatch targets. Claim, lease, fencing by attempt, live events and the acknowledgement after
 * COMMIT are the product's; there is no tunnel and no worker process. The bench `tunnel-dispatch` has the tunnels.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import os from 'node:os';
import path from 'node:path';
import type { JobAssign } from '@casare/shared/protocol';
import { createJobs, type Jobs } from '../../../control-plane/dist/jobs/jobs.module.js';
import type { RunnableWorkflow } from '../../../control-plane/dist/jobs/workflows.port.js';
import { LiveService } from '../../../control-plane/dist/live/index.js';
import { systemClock } from '../../../control-plane/dist/platform/clock.js';
import { migrate, openDatabase, sql, type Database } from '../../../control-plane/dist/platform/database/index.js';
import { createIds } from '../../../control-plane/dist/platform/ids.js';
import { silentLog } from '../../../control-plane/dist/platform/log.js';
import { isRefusal } from '../../../control-plane/dist/platform/refusal.js';
import { MIGRATIONS } from '../frame/scene.ts';
import { INPUT, type BenchQueue, type QueueHome } from './queue.ts';

/** Agents, and jobs that each takes at once. */
const AGENTS = 100;
const SLOTS = 10;
export const TENANT = 'default';
const LABEL = 'bench=yes';

const addTenant = sql<never, [string]>(
  'benchAddTenant',
  `INSERT INTO tenant (id, name, operator) VALUES ($1, $1, $1 = 'default') ON CONFLICT DO NOTHING`,
);
const addAgent = sql<never, [tenant: string, agent: string, name: string, digest: string]>(
  'benchAddAgent',
  `INSERT INTO agent (tenant_id, id, name, state, join_token_id, key_digest) VALUES ($1, $2, $3, 'active', 't', $4)`,
);
const addWorkflow = sql<never, [tenant: string, id: string, name: string]>(
  'benchAddWorkflow',
  `INSERT INTO workflow_version (tenant_id, id, namespace, name, version, source, document, digest, analysis)
   VALUES ($1, $2, 'bench', $3, '1.0.0', '', '{}', 'digest', '{}')
   ON CONFLICT DO NOTHING`,
);
const unfinished = sql<{ count: number }, []>(
  'benchUnfinished',
  `SELECT count(*)::int AS count FROM job WHERE state <> 'succeeded'`,
);

/** The whole of it, for benches that look at more than a queue. */
export interface CasareQueue extends BenchQueue {
  /** As `submit`, of a tenant of its own or for agents that have more than ours. */
  submitFor(count: number, more: { readonly tenant?: string; readonly requires?: readonly string[] }): Promise<void>;
  /** Connects agents. */
  connect(onStart: () => void, fleet?: Fleet): Promise<void>;
  /** Lets the services run; `work` is `connect` and this. */
  start(): Promise<void>;
}

interface Fleet {
  readonly tenant: string;
  readonly agents: number;
  readonly slots: number;
}

const FLEET: Fleet = { tenant: TENANT, agents: AGENTS, slots: SLOTS };

/** Opens it for `tenants`, also on a database where it was opened before; `look` may watch what the services ask of the database. */
export async function casare(
  { databaseUrl }: Pick<QueueHome, 'databaseUrl'>,
  tenants: readonly string[] = [TENANT],
  look: (db: Database) => Database = (db) => db,
): Promise<CasareQueue> {
  const opened = openDatabase(databaseUrl);
  await migrate(opened, { directory: MIGRATIONS });
  const db = look(opened);
  const workflow = noopWorkflow('noop', LABEL);
  for (const tenant of tenants) {
    await db.execute(addTenant(tenant));
    await db.execute(addWorkflow(tenant, workflow.id, workflow.name));
  }
  const home = await mkdtemp(path.join(os.tmpdir(), 'casare-bench-jobs-'));
  const live = new LiveService(db);
  const jobs = createJobs({
    ...{ db, live, home, clock: systemClock, ids: createIds(systemClock), log: silentLog, heartbeatMs: 1_000 },
    fitness: () => Promise.resolve([]),
    agentIds: () => Promise.resolve([]),
    workflows: { resolve: () => Promise.resolve(workflow), validateInput: () => [] },
    secrets: { secretsFor: () => Promise.resolve({ values: {}, rules: {}, missing: [] }) },
  });
  const request = { workflow: `bench/${workflow.name}`, input: INPUT, priority: 50, requires: [], maxAttempts: 10 };
  const submitFor: CasareQueue['submitFor'] = async (count, { tenant = TENANT, requires = [] }) => {
    const asked = { ...request, requires: [...requires] };
    const ids = await jobs.submit.submit(
      { tenant, actor: 'account:bench' },
      Array.from({ length: count }, () => asked),
      null,
    );
    if (isRefusal(ids)) throw new Error(ids.title);
  };
  const acks = new Acknowledged();
  const connect: CasareQueue['connect'] = async (onStart, { tenant, agents, slots } = FLEET) => {
    for (let i = 0; i < agents; i++) {
      const agent = { tenant, agentId: randomUUID() };
      await db.execute(addAgent(tenant, agent.agentId, `agent-${i}`, agent.agentId));
      connectAgent(jobs, { ...agent, slots }, onStart, acks);
    }
  };
  return {
    submitFor,
    connect,
    start: () => jobs.start(),
    submit: (count) => submitFor(count, {}),
    submitOne: () => submitFor(1, {}),
    async work(onStart) {
      await connect(onStart);
      await jobs.start();
    },
    completed: (count) => acks.until(count),
    async left() {
      return (await db.query(unfinished()))[0]!.count;
    },
    async close() {
      await jobs.stop();
      await db.close();
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** Completions that were acknowledged, which is after their COMMIT. */
class Acknowledged {
  #count = 0;
  #failed: Error | null = null;
  #waiting: { count: number; resolve: () => void; reject: (error: Error) => void } | null = null;

  add(): void {
    this.#count += 1;
    if (this.#waiting && this.#count >= this.#waiting.count) this.#waiting.resolve();
  }

  fail(error: Error): void {
    this.#failed ??= error;
    this.#waiting?.reject(error);
  }

  until(count: number): Promise<void> {
    if (this.#failed) return Promise.reject(this.#failed);
    if (this.#count >= count) return Promise.resolve();
    return new Promise((resolve, reject) => (this.#waiting = { count, resolve, reject }));
  }
}

/** An agent that accepts each job, does nothing, and says that it is done. */
function connectAgent(
  jobs: Jobs,
  { slots, ...agent }: { tenant: string; agentId: string; slots: number },
  onStart: () => void,
  acks: Acknowledged,
): void {
  const run = async ({ jobId, attempt }: JobAssign): Promise<void> => {
    onStart();
    const accepted = jobs.runs.accepted(agent, jobId, attempt);
    const at = new Date().toISOString();
    const recorded = await jobs.runs.record(agent, jobId, attempt, [
      { seq: 1, at, body: { type: 'run.started', resumed: false } },
      { seq: 2, at, body: { type: 'run.completed', output: null } },
    ]);
    await accepted;
    if (recorded.outcome === 'acked' && recorded.seq === 2) acks.add();
    else acks.fail(new Error(`a completion was not acknowledged: ${JSON.stringify(recorded)}`));
  };
  jobs.dispatcher.connect(
    {
      ...agent,
      ...{ sessionId: randomUUID(), site: null, labels: new Set([LABEL]), active: true },
      slots: { plain: slots, browser: 0, desktop: 0 },
      send(message) {
        if (message.type === 'job.assign') run(message).catch((error: unknown) => acks.fail(error as Error));
      },
    },
    [],
  );
}

function noopWorkflow(name: string, label: string): RunnableWorkflow {
  return {
    // The same one when it is opened again.
    ...{
      id: '0199a000-0000-7000-8000-00000000be7c',
      namespace: 'bench',
      name,
      version: '1.0.0',
      digest: '0'.repeat(64),
    },
    document: { document: { dsl: '1.0.3', namespace: 'bench', name, version: '1.0.0' }, do: [{ act: { set: {} } }] },
    analysis: {
      ...{ slot: 'plain', capabilities: [label], secrets: [] },
      ...{ onDisconnect: 'continue', disconnectGraceMs: 600_000 },
    },
  };
}
