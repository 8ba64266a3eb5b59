/**
 * A tenant with many jobs, written as rows: what a list reads, and nothing that a list does not look at. One job in a hundred
 * waits, three in a hundred did not succeed, and the rest did; each went to one of the agents. A job every 2.6 seconds makes
 * a million in a month.
 */
import { api, createClient } from '@casare/shared/client';
import { sql, type Database } from '../../../control-plane/dist/platform/database/index.js';

const EVERY_MS = 2_600;
/** Rows of one statement. */
const BATCH = 50_000;

export interface FillOptions {
  readonly db: Database;
  readonly web: { readonly url: string; readonly apiKey: string };
  readonly agents: readonly string[];
  readonly workflows: number;
  readonly jobs: number;
}

/** By number: the newest is 0. Ids are UUIDv7 of the time that each was submitted at (RFC 9562, section 5.7). */
const insertJobs = sql<never, [templates: string[], agents: string[], from: number, to: number, newest: number]>(
  'benchInsertJobs',
  `INSERT INTO job (tenant_id, id, workflow_id, route_id, state, priority, attempt, max_attempts, agent_id, input, output, error,
                    created_by, created_at, started_at, ended_at)
   SELECT t.tenant_id, n.id, t.workflow_id, t.route_id, n.state, t.priority, CASE n.state WHEN 'pending' THEN 0 ELSE 1 END,
          t.max_attempts, CASE n.state WHEN 'pending' THEN NULL ELSE n.agent END, jsonb_build_object('order', n.n),
          CASE n.state WHEN 'succeeded' THEN jsonb_build_object('done', true) END,
          CASE WHEN n.state IN ('failed', 'timed_out') THEN jsonb_build_object('type', 'about:blank', 'status', 500) END,
          t.created_by, n.at, CASE n.state WHEN 'pending' THEN NULL ELSE n.at END, CASE n.state WHEN 'pending' THEN NULL ELSE n.at END
     FROM (SELECT n, to_timestamp(($5 - n * ${EVERY_MS}::bigint) / 1000.0) AS at,
                  (lpad(to_hex($5 - n * ${EVERY_MS}::bigint), 12, '0') || '7' || substr(md5(n::text), 1, 3)
                   || '8' || substr(md5(n::text), 4, 15))::uuid AS id,
                  (ARRAY['pending', 'failed', 'timed_out', 'cancelled'])[n % 100 + 1] AS rare,
                  ($2::uuid[])[n * 7 % cardinality($2::uuid[]) + 1] AS agent,
                  ($1::uuid[])[n * 13 % cardinality($1::uuid[]) + 1] AS template
             FROM generate_series($3::bigint, $4::bigint) n) g,
          LATERAL (SELECT g.n, g.at, g.id, g.agent, coalesce(g.rare, 'succeeded') AS state) n
     JOIN job t ON true
    WHERE t.id = g.template`,
);
const insertAttempts = sql<never, [from: string, to: string]>(
  'benchInsertAttempts',
  `INSERT INTO job_attempt (tenant_id, job_id, attempt, generation, agent_id, leased_at, ended_at, outcome)
   SELECT tenant_id, id, 1, 1, agent_id, started_at, ended_at, state FROM job
    WHERE agent_id IS NOT NULL AND created_at BETWEEN $1::timestamptz AND $2::timestamptz`,
);
const insertReady = sql<never, []>(
  'benchInsertReady',
  `INSERT INTO job_ready (route_id, rank, tenant_id, job_id)
   SELECT route_id, priority, tenant_id, id FROM job j WHERE state = 'pending'
      AND NOT EXISTS (SELECT FROM job_ready r WHERE r.tenant_id = j.tenant_id AND r.job_id = j.id)`,
);

/** Fills it; answers the names of the workflows. */
export async function fill({ db, web, agents, workflows, jobs }: FillOptions): Promise<string[]> {
  const client = createClient(web);
  const names = Array.from({ length: workflows }, (_, n) => `bench/order-${n}`);
  const templates: string[] = [];
  for (const name of names) {
    const document = { dsl: '1.0.3', namespace: 'bench', name: name.slice('bench/'.length), version: '1.0.0' };
    await client.call(api.workflows.push, { body: { document, do: [{ act: { set: { done: true } } }] } });
    const job = await client.call(api.jobs.submit, { body: { workflow: name } });
    templates.push(job.id);
  }
  const newest = Date.now() - 60_000;
  for (let from = 0; from < jobs; from += BATCH) {
    const to = Math.min(jobs, from + BATCH) - 1;
    await db.execute(insertJobs(templates, [...agents], from, to, newest));
    const at = (n: number): string => new Date(newest - n * EVERY_MS).toISOString();
    await db.execute(insertAttempts(at(to), at(from)));
  }
  await db.execute(insertReady());
  return names;
}
