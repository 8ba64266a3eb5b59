/**
 * Links of GraphQL read in batches: a list of many jobs with all that hangs on them takes as many statements as a list of one.
 * Counted where statements leave for the server, in a whole control plane. What a batch gives is what REST gives one by one.
 */
import { api } from '@casare/shared/api';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { askerWith, at, type Answered, type Ask } from '../../control-plane/src/graphql/testing.ts';
import { ManyService } from '../../control-plane/src/jobs/many.service.ts';
import { sql } from '../../control-plane/src/platform/database/index.ts';
import { startTestControlPlane, type TestControlPlane } from '../../control-plane/src/testing.ts';

const WORKFLOW = `
document: { dsl: 1.0.3, namespace: test, name: batch, version: 1.0.0 }
do: [{ act: { set: { done: true } } }]
`;
const JOBS = 30;
const addAgents = sql<{ id: string }, [count: number]>(
  'testAddAgents',
  `INSERT INTO agent (tenant_id, id, name, state, join_token_id, key_digest)
   SELECT 'default', gen_random_uuid(), 'agent ' || n, 'active', 't', n::text FROM generate_series(1, $1) n RETURNING id`,
);
/** Each job has a step of its own name, a log line, a file and an attempt of one of the agents. */
const addRuns = sql<never, [jobs: string[], agents: string[]]>(
  'testAddRuns',
  `WITH w AS (SELECT id, n::int, ($2::uuid[])[1 + n % cardinality($2::uuid[])] AS agent FROM unnest($1::uuid[]) WITH ORDINALITY AS w(id, n)),
     job AS (UPDATE job SET agent_id = w.agent FROM w WHERE job.tenant_id = 'default' AND job.id = w.id),
     step AS (INSERT INTO job_step (tenant_id, job_id, attempt, seq, position, path, name, task, effect, state, started_at, output)
       SELECT 'default', id, 1, s, '/do/' || s, '/do/' || s, 'step ' || n || '.' || s, 'set', 'idempotent', 'completed', now(), '{}'
       FROM w, generate_series(1, 3) s),
     event AS (INSERT INTO job_event (tenant_id, job_id, attempt, seq, at, body)
       SELECT 'default', id, 1, 1, now(), jsonb_build_object('type', 'run.log', 'level', 'info', 'message', 'line ' || n) FROM w),
     file AS (INSERT INTO artifact (tenant_id, id, job_id, attempt, name, kind, media_type, bytes, sha256)
       SELECT 'default', gen_random_uuid(), id, 1, 'file ' || n, 'output', 'text/plain', 3000000000, repeat('0', 64) FROM w)
   INSERT INTO job_attempt (tenant_id, job_id, attempt, generation, agent_id) SELECT 'default', id, 1, 1, agent FROM w`,
);
const EVERYTHING = `state agent { name jobs(limit: 2) { items { id } } } workflow { name }
  steps(limit: 2) { items { name output } nextCursor } logs(limit: 2) { items { message } }
  artifacts(limit: 2) { items { name bytes job { id } } } attempts(limit: 2) { items { attempt agent { name } } }`;

let plane: TestControlPlane;
let ask: Ask;
let jobs: string[];
beforeAll(async () => {
  plane = await startTestControlPlane();
  ask = askerWith(plane.url, plane.admin.apiKey);
  await plane.client.call(api.workflows.push, { body: WORKFLOW });
  const request = { workflow: 'test/batch' };
  ({ ids: jobs } = await plane.client.call(api.jobs.submitBulk, {
    body: { jobs: Array<typeof request>(JOBS).fill(request) },
  }));
  const agents = await plane.database.db.query(addAgents(7));
  await plane.database.db.execute(
    addRuns(
      jobs,
      agents.map(({ id }) => id),
    ),
  );
});
afterAll(() => plane.close());
afterEach(() => vi.restoreAllMocks());

/** The answer, and how often each statement was sent meanwhile; what runs by itself is among them. */
async function counted(work: () => Promise<Answered>): Promise<{ answer: Answered; sent: Map<string, number> }> {
  const sent = new Map<string, number>();
  const { query: send } = Client.prototype as unknown as { query: (this: unknown, ...given: unknown[]) => unknown };
  vi.spyOn(Client.prototype, 'query').mockImplementation(function (this: Client, ...given: unknown[]) {
    const { name } = given[0] as { name?: string };
    if (name !== undefined) sent.set(name, (sent.get(name) ?? 0) + 1);
    return send.apply(this, given) as never;
  });
  const answer = await work();
  vi.restoreAllMocks();
  return { answer, sent };
}

/** Statements that read for one object, and those that read for many. */
const ONE_BY_ONE = [
  'getJob',
  'agentById',
  'workflowVersionById',
  'listSteps',
  'listLogs',
  'listArtifacts',
  'listAttempts',
  'listJobsOfAgent',
];
const BATCHES = [
  'agentsById',
  'workflowVersionsById',
  'stepsOfJobs',
  'logsOfJobs',
  'artifactsOfJobs',
  'attemptsOfJobs',
  'jobsOfAgents',
  'jobsById',
];

describe('links', () => {
  it('of many jobs take the statements of one', async () => {
    const query = (limit: number) => () => ask(`{ jobs(limit: ${limit}) { items { ${EVERYTHING} } } }`);
    const one = await counted(query(1));
    const many = await counted(query(JOBS));
    expect(many.answer.codes).toEqual([]);
    expect(at(many.answer, 'jobs', 'items')).toHaveLength(JOBS);
    for (const name of BATCHES) expect([name, one.sent.get(name), many.sent.get(name)]).toEqual([name, 1, 1]);
    for (const name of ONE_BY_ONE) expect([name, many.sent.get(name)]).toEqual([name, undefined]);
  });

  it('give each object its own, as REST does', async () => {
    const { data } = await ask(`{ jobs(limit: ${JOBS}) { items { id ${EVERYTHING} } } }`);
    const shown = (data!['jobs'] as { items: Record<string, { items: Record<string, unknown>[] }>[] }).items;
    expect(shown.map(({ id }) => id)).toEqual(jobs.toReversed());
    for (const job of [shown[0]!, shown[17]!, shown.at(-1)!]) {
      const params = { id: String(job['id']) };
      const [one, steps, files] = await Promise.all([
        plane.client.call(api.jobs.get, { params }),
        plane.client.call(api.jobs.steps, { params, query: { limit: 2 } }),
        plane.client.call(api.jobs.artifacts, { params, query: { limit: 2 } }),
      ]);
      expect(job).toMatchObject({
        agent: { name: one.agent!.name },
        steps: { items: steps.items.map(({ name }) => ({ name })), nextCursor: steps.nextCursor },
        artifacts: { items: files.items.map(({ name, bytes }) => ({ name, bytes, job: { id: params.id } })) },
      });
      const next = await ask(
        `{ job(id: "${params.id}") { steps(limit: 2, cursor: "${steps.nextCursor}") { items { seq } } } }`,
      );
      expect(at(next, 'job', 'steps', 'items')).toEqual([{ seq: 3 }]);
    }
  });

  it('of agents give the jobs of each', async () => {
    const answer = await ask('{ agents { items { id jobs(limit: 3) { items { id agent { id } } nextCursor } } } }');
    const agents = at(answer, 'agents', 'items') as { id: string; jobs: { items: { agent: { id: string } }[] } }[];
    expect(agents).toHaveLength(7);
    for (const { id, jobs } of agents) expect(jobs.items.map(({ agent }) => agent.id)).toEqual([id, id, id]);
  });

  it('refuse a cursor that no page gave', async () => {
    const answer = await ask('{ jobs(limit: 2) { items { steps(cursor: "x") { nextCursor } } } }');
    expect(answer.codes).toEqual(['CURSOR_INVALID', 'CURSOR_INVALID']);
  });
});

it('batches of another tenant find nothing', async () => {
  const many = new ManyService(plane.database.db);
  const ask = { limit: 10 };
  const sizes = async (tenant: string): Promise<number[]> => {
    const agent = (await plane.client.call(api.jobs.get, { params: { id: jobs[0]! } })).agent!.id;
    const found = [
      await many.jobs(tenant, jobs),
      await many.steps(tenant, jobs, ask),
      await many.logs(tenant, jobs, ask),
      await many.artifacts(tenant, jobs, ask),
      await many.attempts(tenant, jobs, ask),
      await many.jobsOfAgents(tenant, [agent], ask),
    ];
    return found.map((each) => (each instanceof Map ? each.size : -1));
  };
  expect(await sizes('default')).toEqual([JOBS, JOBS, JOBS, JOBS, JOBS, 1]);
  expect(await sizes('other')).toEqual([0, 0, 0, 0, 0, 0]);
});
