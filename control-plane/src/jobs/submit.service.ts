/**
 * Submitting jobs: parse happened at the edge, here requirements are derived, routes interned, and everything is
 * written in ONE transaction, which submits of one tenant that come together share. An answer is given only after its
 * COMMIT (invariant 1).
 */
import { createHash } from 'node:crypto';
import type { JobRequest, ProblemDetail } from '@casare/shared/api';
import { appendJobs, type JobChange, type LiveService } from '../live/index.ts';
import type { Clock } from '../platform/clock.ts';
import { BY_KEY, gather, type TenantDatabase, type Transaction } from '../platform/database/index.ts';
import type { Ids } from '../platform/ids.ts';
import { refusalOfSite } from '../platform/site-scope.ts';
import { conflictingKey, isRefusal, refuse, type Refusal } from '../platform/refusal.ts';
import { readIdempotencyKey, takeIdempotencyKeys, type NewIdempotencyKey } from '../platform/http/idempotency.store.ts';
import { requestOf, type Dispatcher } from './dispatcher.ts';
import { lease, type LeasedJob } from './lease.store.ts';
import { jsonb } from '../platform/jsonb.ts';
import { onlyAgent, routeKey, secretLabel, type Placed, type Route } from './matching.decision.ts';
import type { ReadyQueue } from './queue.port.ts';
import type { JobQuotas } from './quotas.port.ts';
import { internRoute, ROUTES_PER_TENANT } from './route.store.ts';
import * as store from './submit.store.ts';
import type { RunnableWorkflow, WorkflowsPort } from './workflows.port.ts';

/** Who submits. */
export interface Submitter {
  readonly tenant: string;
  /** Account or key, for the record. */
  readonly actor: string;
}

export interface SubmitDependencies {
  readonly db: TenantDatabase;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly live: LiveService;
  readonly workflows: WorkflowsPort;
  /** The agents of a tenant with this id or name that are not gone, two at most. */
  readonly agentIds: (tenant: string, reference: string) => Promise<readonly string[]>;
  /** Which of these secrets are sealed to single agents; none when absent. */
  readonly sealedAmong?: ((tenant: string, names: readonly string[]) => Promise<readonly string[]>) | undefined;
  readonly queue: Pick<ReadyQueue, 'busy'>;
  /** Places jobs on agents of this replica. */
  readonly placer: Pick<Dispatcher, 'know' | 'mayPlaceAtOnce' | 'place' | 'placed'>;
  readonly quotas: Pick<JobQuotas, 'refusalOfSubmit'>;
  /** Called after the COMMIT that put jobs into the queue. */
  readonly onReady: () => void;
  /** Called after the COMMIT that put jobs into the waiting room. */
  readonly onWaiting: () => void;
}

/** A job that is to be: its row is made when it is written. */
interface Draft {
  readonly id: string;
  readonly actor: string;
  readonly workflow: RunnableWorkflow;
  readonly route: Route;
  readonly request: JobRequest;
}

/** One submit, ready to be written. */
interface Write {
  readonly jobs: readonly Draft[];
  readonly key: NewIdempotencyKey | null;
  /** Of submits that must not share a transaction. */
  readonly apart: string;
  /** First in the transaction; false: nothing of it is written. */
  readonly take?: Take;
}

/** What must happen in the transaction of a submit or not at all; false when somebody else has done it. */
export type Take = (tx: Transaction, jobIds: readonly string[]) => Promise<boolean>;

/** What became of the writes of one transaction: which were not refused for their key, and the jobs leased by it. */
interface Written {
  readonly first: boolean[];
  readonly leased: readonly LeasedJob[];
}

/** Interned routes kept in memory; the oldest are forgotten beyond this. */
const ROUTE_CACHE = 1_000;
/** Submits of a tenant in one transaction, and such transactions at once. */
const TOGETHER = { most: 100, runs: 2, keyOf: ({ apart }: Write) => apart };
/** A submit of more jobs has a transaction of its own: others do not wait for it. */
const SHARED = 100;
/** Jobs of one transaction that are leased by it at most. */
const DIRECT = 100;
/** Rows that are made before they are sent: the database writes them while the next are made. */
const CHUNK = 1_000;

export class SubmitService {
  readonly #deps: SubmitDependencies;
  readonly #routes = new Map<string, Route>();
  /** Of each tenant that has submitted. Resolves with false when the idempotency key was taken. */
  readonly #writers = new Map<string, (write: Write) => Promise<boolean>>();

  constructor(dependencies: SubmitDependencies) {
    this.#deps = dependencies;
  }

  /** Submits all of `requests` or none; the ids in their order. The same key and requests again give the same ids. */
  async submit(
    by: Submitter,
    requests: readonly JobRequest[],
    idempotencyKey: string | null,
  ): Promise<string[] | Refusal> {
    if (idempotencyKey === null) {
      const jobs = await this.#prepare(by, requests);
      if (isRefusal(jobs)) return jobs;
      await this.#write(by.tenant, { jobs, key: null, apart: jobs[0]!.id });
      return jobs.map(({ id }) => id);
    }
    const digest = createHash('sha256').update(JSON.stringify(requests)).digest('hex');
    const known = await this.#known(by.tenant, idempotencyKey, digest);
    if (known) return known;
    const jobs = await this.#prepare(by, requests);
    if (isRefusal(jobs)) return jobs;
    const jobIds = jobs.map(({ id }) => id);
    const key = { key: idempotencyKey, digest, jobIds };
    if (await this.#write(by.tenant, { jobs, key, apart: idempotencyKey })) return jobIds;
    return (await this.#known(by.tenant, idempotencyKey, digest))!;
  }

  /** Submits all of `requests` in one transaction with `take`; null when that says no, and then nothing was written. */
  async submitWith(by: Submitter, requests: readonly JobRequest[], take: Take): Promise<string[] | null | Refusal> {
    const jobs = await this.#prepare(by, requests);
    if (isRefusal(jobs)) return jobs;
    const ids = jobs.map(({ id }) => id);
    const [written] = await this.#writeAll(by.tenant, [{ jobs, key: null, apart: ids[0]!, take }]);
    return written === true ? ids : null;
  }

  async #write(tenant: string, write: Write): Promise<boolean> {
    if (write.jobs.length > SHARED) return (await this.#writeAll(tenant, [write]))[0]!;
    const writer =
      this.#writers.get(tenant) ?? gather({ run: (writes) => this.#writeAll(tenant, writes), ...TOGETHER });
    this.#writers.set(tenant, writer);
    return writer(write);
  }

  /**
   * A job that an agent here can begin at once is leased by its own submit, unless others wait on its route: it saves the
   * way through the queue.
   */
  async #writeAll(tenant: string, writes: readonly Write[]): Promise<boolean[]> {
    const { db, placer } = this.#deps;
    const plain = placer.mayPlaceAtOnce(tenant) ? writes.flatMap(({ jobs }) => jobs).filter(isPlain) : [];
    const best = plain.toSorted((one, other) => other.request.priority - one.request.priority).slice(0, DIRECT);
    const placed = placer.place(best.map(({ id, route }) => ({ tenant, jobId: id, routeId: route.id })));
    let leased: readonly LeasedJob[] = [];
    try {
      const written = await db
        .of(tenant)
        .transaction((tx) => this.#insert(tx, tenant, writes, placed), { settings: BY_KEY });
      leased = written.leased;
      this.#tell(writes, written);
      return written.first;
    } finally {
      placer.placed(placed, leased);
    }
  }

  /** Wakes whoever has something to do now; what its own submit leased is nobody's business any more. */
  #tell(writes: readonly Write[], { first, leased }: Written): void {
    const jobs = writes.filter((_, index) => first[index]).flatMap((write) => write.jobs);
    if (jobs.length === 0) return;
    this.#deps.live.wake();
    const waiting = jobs.filter(waits).length;
    if (waiting > 0) this.#deps.onWaiting();
    if (jobs.length > leased.length + waiting) this.#deps.onReady();
  }

  async #insert(
    tx: Transaction,
    tenant: string,
    writes: readonly Write[],
    placed: readonly Placed[],
  ): Promise<Written> {
    const keys = writes.map(({ key }) => key).filter((key) => key !== null);
    const [taken, busy] = await Promise.all([
      takeIdempotencyKeys(tx, tenant, keys),
      this.#deps.queue.busy(tx, [...new Set(placed.map(({ route }) => route.id))]),
    ]);
    const first = writes.map(({ key }) => key === null || taken.has(key.key));
    for (const [index, write] of writes.entries()) {
      const ids = write.jobs.map(({ id }) => id);
      if (first[index] && write.take) first[index] = await write.take(tx, ids);
    }
    const jobs = writes.filter((_, index) => first[index]).flatMap((write) => write.jobs);
    if (jobs.length === 0) return { first, leased: [] };
    const written = new Set(jobs.map(({ id }) => id));
    // Of what is placed, what is written now and has nobody before it on its route.
    const direct = placed.filter(({ job, route }) => written.has(job.jobId) && !busy.has(route.id));
    const begun = new Set(direct.map(({ job }) => job.jobId));
    // In this order, and in one flight.
    const inserts: Promise<void>[] = [];
    for (let at = 0; at < jobs.length; at += CHUNK) {
      const rows = jobs.slice(at, at + CHUNK).map(newJob);
      inserts.push(store.insertNewJobs(tx, tenant, rows, begun));
      inserts.push(appendJobs(tx, rows.map(changeOf(tenant, begun)), this.#deps.clock.now()));
    }
    const [{ leased }] = await Promise.all([lease(tx, direct.map(requestOf)), ...inserts]);
    // A job that is neither leased nor queued would wait for ever.
    if (leased.length !== direct.length) throw new Error('a job that was just inserted could not be leased');
    return { first, leased };
  }

  async #known(tenant: string, key: string, digest: string): Promise<string[] | Refusal | null> {
    const known = await readIdempotencyKey(this.#deps.db.of(tenant), tenant, key);
    if (!known) return null;
    return known.digest === digest ? known.jobIds : conflictingKey();
  }

  async #prepare(by: Submitter, requests: readonly JobRequest[]): Promise<Draft[] | Refusal> {
    const refused = await this.#deps.quotas.refusalOfSubmit(by.tenant, requests.length);
    if (refused) return refused;
    const resolved = new Map<string, RunnableWorkflow>();
    const jobs: Draft[] = [];
    for (const [index, request] of requests.entries()) {
      const workflow =
        resolved.get(request.workflow) ?? (await this.#deps.workflows.resolve(by.tenant, request.workflow));
      if (isRefusal(workflow)) return workflow;
      resolved.set(request.workflow, workflow);
      const problems = this.#deps.workflows.validateInput(workflow, request.input ?? {});
      if (problems.length > 0) return invalidInput(problems, requests.length > 1 ? index : null);
      const elsewhere = refusalOfSite(siteOf(workflow, request));
      if (elsewhere) return elsewhere;
      const only = await this.#onlyAgent(by.tenant, request);
      if (isRefusal(only)) return only;
      const route = await this.#route(by.tenant, workflow, request, only);
      if (route === null) return tooManyRoutes();
      jobs.push({ id: this.#deps.ids.next(), actor: by.actor, workflow, route, request });
    }
    return jobs;
  }

  /** What the agent that the request names alone meets. */
  async #onlyAgent(tenant: string, { agent }: JobRequest): Promise<string[] | Refusal> {
    if (agent === undefined) return [];
    const [id, ...others] = await this.#deps.agentIds(tenant, agent);
    if (id !== undefined && others.length === 0) return [onlyAgent(id)];
    return id === undefined
      ? refuse('unprocessable', 'AGENT_UNKNOWN', `There is no agent ${agent}.`, {
          fix: 'List the agents: `casare agents`.',
        })
      : refuse('unprocessable', 'AGENT_AMBIGUOUS', `Several agents are called ${agent}.`, {
          fix: 'Give the id of one.',
        });
  }

  async #route(
    tenant: string,
    workflow: RunnableWorkflow,
    request: JobRequest,
    only: readonly string[],
  ): Promise<Route | null> {
    const { secrets } = workflow.analysis;
    const sealed = secrets.length === 0 ? [] : await this.#deps.sealedAmong?.(tenant, secrets);
    const needs = {
      slot: workflow.analysis.slot,
      site: siteOf(workflow, request),
      capabilities: [
        ...workflow.analysis.capabilities,
        ...request.requires,
        ...only,
        ...(sealed ?? []).map(secretLabel),
      ],
    };
    const key = `${tenant} ${routeKey(needs.slot, needs.site, needs.capabilities)}`;
    const known = this.#routes.get(key);
    if (known) return known;
    const route = await internRoute(this.#deps.db.of(tenant), tenant, needs);
    if (route === null) return null;
    this.#deps.placer.know(route);
    if (this.#routes.size >= ROUTE_CACHE) this.#routes.delete(this.#routes.keys().next().value!);
    this.#routes.set(key, route);
    return route;
  }
}

function siteOf(workflow: RunnableWorkflow, request: JobRequest): string | null {
  return request.site ?? workflow.analysis.site ?? null;
}

function newJob({ id, actor, workflow, route, request }: Draft): store.NewJob {
  return {
    id,
    workflowId: workflow.id,
    routeId: route.id,
    priority: request.priority,
    maxAttempts: request.maxAttempts,
    input: jsonb(request.input ?? {}),
    requires: request.requires,
    site: request.site ?? null,
    notBefore: request.notBefore ?? null,
    deadline: request.deadline ?? null,
    concurrencyKey: concurrencyKeyOf(request),
    concurrencyLimit: request.concurrency?.limit ?? 1,
    retry: retryOf(workflow, request),
    timeoutMs: request.timeoutMs ?? null,
    attemptTimeoutMs: request.attemptTimeoutMs ?? null,
    createdBy: actor,
  };
}

function changeOf(tenant: string, begun: ReadonlySet<string>): (job: store.NewJob) => JobChange {
  return ({ id }) => {
    return {
      tenant,
      jobId: id,
      ...(begun.has(id) ? { state: 'leased', attempt: 1 } : { state: 'pending', attempt: 0 }),
    };
  };
}

function concurrencyKeyOf({ concurrency, concurrencyKey }: JobRequest): string | null {
  return concurrency?.key ?? concurrencyKey ?? null;
}

/** It may not run yet. */
function waits({ request }: Draft): boolean {
  return (request.notBefore ?? null) !== null || concurrencyKeyOf(request) !== null;
}

/** It may begin at once, and nothing ends it before it has. */
function isPlain(job: Draft): boolean {
  return !waits(job) && (job.request.deadline ?? null) === null;
}

function tooManyRoutes(): Refusal {
  return refuse('unprocessable', 'REQUIREMENTS_TOO_MANY', 'No more sets of requirements can be kept.', {
    detail: `Jobs of this tenant have asked for ${ROUTES_PER_TENANT} different sets of site, slot and capabilities.`,
    fix: 'Ask for requirements that other jobs ask for too: `requires` names kinds of machines, not single jobs.',
  });
}

/** The job's word goes before its workflow's, member by member. */
function retryOf(workflow: RunnableWorkflow, request: JobRequest): store.NewJob['retry'] {
  const byWorkflow = workflow.analysis.retry ?? null;
  return byWorkflow === null && request.retry === undefined ? null : { ...byWorkflow, ...request.retry };
}

function invalidInput(problems: readonly ProblemDetail[], job: number | null): Refusal {
  const of = job === null ? '' : ` of job ${job}`;
  return refuse('unprocessable', 'JOB_INPUT_INVALID', `The input${of} does not fit the workflow's schema.`, {
    detail: problems
      .map((problem) => `${problem.path || '/'}: ${problem.message}`)
      .join('; ')
      .slice(0, 2_000),
    fix: 'Correct the input; the workflow document says what it takes under `input.schema`.',
    problems,
  });
}
