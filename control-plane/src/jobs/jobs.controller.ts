/** REST for jobs and artifacts: hands parsed requests to the services, nothing else. */
import { Controller, Inject } from '@nestjs/common';
import { api } from '@casare/shared/api';
import { Handles, type Call, type Reply } from '../platform/http/handles.ts';
import { isRefusal, refuse, type Refusal } from '../platform/refusal.ts';
import type { StoredBytes } from '../platform/http/answer.ts';
import { tenantSuspended } from '../platform/http/guard.ts';
import { ArtifactLinks } from './artifact-links.service.ts';
import { artifactNotFound, ArtifactsService, type FoundArtifact } from './artifacts.service.ts';
import { JobActionsService } from './job-actions.service.ts';
import { QueryService } from './query.service.ts';
import { RunRecordService } from './run-record.service.ts';
import { SteerService } from './steer.service.ts';
import { SubmitService } from './submit.service.ts';

type Answer<E extends Parameters<typeof Handles>[0]> = Promise<Reply<E> | Refusal>;

@Controller()
export class JobsController {
  readonly #submit: SubmitService;
  readonly #query: QueryService;
  readonly #steer: SteerService;
  readonly #artifacts: ArtifactsService;
  readonly #records: RunRecordService;
  readonly #links: ArtifactLinks;
  readonly #actions: JobActionsService;

  constructor(
    @Inject(SubmitService) submit: SubmitService,
    @Inject(QueryService) query: QueryService,
    @Inject(SteerService) steer: SteerService,
    @Inject(ArtifactsService) artifacts: ArtifactsService,
    @Inject(RunRecordService) records: RunRecordService,
    @Inject(ArtifactLinks) links: ArtifactLinks,
    @Inject(JobActionsService) actions: JobActionsService,
  ) {
    this.#submit = submit;
    this.#query = query;
    this.#steer = steer;
    this.#artifacts = artifacts;
    this.#records = records;
    this.#links = links;
    this.#actions = actions;
  }

  @Handles(api.jobs.submit)
  async submit({ caller, body, idempotencyKey }: Call<typeof api.jobs.submit>): Answer<typeof api.jobs.submit> {
    const ids = await this.#submit.submit(caller, [body], idempotencyKey);
    return isRefusal(ids) ? ids : this.#query.job(caller.tenant, ids[0]!);
  }

  @Handles(api.jobs.submitBulk)
  async submitBulk({
    caller,
    body,
    idempotencyKey,
  }: Call<typeof api.jobs.submitBulk>): Answer<typeof api.jobs.submitBulk> {
    const ids = await this.#submit.submit(caller, body.jobs, idempotencyKey);
    return isRefusal(ids) ? ids : { ids };
  }

  @Handles(api.jobs.list)
  async list({ caller, query }: Call<typeof api.jobs.list>): Answer<typeof api.jobs.list> {
    const { state = null, workflow = null, agent = null, site = null, q: text = null } = query;
    const since = latest(query.since, query.createdAfter);
    const filter = { state, workflow, agent, site, since, until: query.createdBefore ?? null, text };
    return this.#query.jobs(caller.tenant, filter, query);
  }

  @Handles(api.jobs.get)
  async get({ caller, params }: Call<typeof api.jobs.get>): Answer<typeof api.jobs.get> {
    return this.#query.job(caller.tenant, params.id);
  }

  @Handles(api.jobs.attempts)
  async attempts({ caller, params, query }: Call<typeof api.jobs.attempts>): Answer<typeof api.jobs.attempts> {
    return this.#query.attempts(caller.tenant, params.id, query);
  }

  @Handles(api.jobs.steps)
  async steps({ caller, params, query }: Call<typeof api.jobs.steps>): Answer<typeof api.jobs.steps> {
    return this.#query.steps(caller.tenant, params.id, query);
  }

  @Handles(api.jobs.logs)
  async logs({ caller, params, query }: Call<typeof api.jobs.logs>): Answer<typeof api.jobs.logs> {
    return this.#query.logs(caller.tenant, params.id, query);
  }

  @Handles(api.jobs.artifacts)
  async artifacts({ caller, params, query }: Call<typeof api.jobs.artifacts>): Answer<typeof api.jobs.artifacts> {
    return this.#query.artifacts(caller.tenant, params.id, query);
  }

  @Handles(api.jobs.record)
  async record({ caller, params }: Call<typeof api.jobs.record>): Answer<typeof api.jobs.record> {
    return this.#records.open(caller.tenant, params.id);
  }

  @Handles(api.jobs.whyPending)
  async whyPending({ caller, params }: Call<typeof api.jobs.whyPending>): Answer<typeof api.jobs.whyPending> {
    return this.#query.whyPending(caller.tenant, params.id);
  }

  @Handles(api.jobs.cancel)
  async cancel({ caller, params }: Call<typeof api.jobs.cancel>): Answer<typeof api.jobs.cancel> {
    return (await this.#steer.cancel(caller, params.id)) ?? this.#query.job(caller.tenant, params.id);
  }

  @Handles(api.jobs.pause)
  async pause({ caller, params }: Call<typeof api.jobs.pause>): Answer<typeof api.jobs.pause> {
    return (await this.#steer.pause(caller, params.id)) ?? this.#query.job(caller.tenant, params.id);
  }

  @Handles(api.jobs.resume)
  async resume({ caller, params }: Call<typeof api.jobs.resume>): Answer<typeof api.jobs.resume> {
    return (await this.#steer.resume(caller, params.id)) ?? this.#query.job(caller.tenant, params.id);
  }

  @Handles(api.jobs.retry)
  async retry({ caller, params }: Call<typeof api.jobs.retry>): Answer<typeof api.jobs.retry> {
    return (await this.#steer.retry(caller, params.id)) ?? this.#query.job(caller.tenant, params.id);
  }

  @Handles(api.jobActions.run)
  async act({ caller, body }: Call<typeof api.jobActions.run>): Answer<typeof api.jobActions.run> {
    return this.#actions.run(caller, body);
  }

  @Handles(api.jobs.review)
  async review({ caller, params, body }: Call<typeof api.jobs.review>): Answer<typeof api.jobs.review> {
    return (await this.#steer.review(caller, params.id, body)) ?? this.#query.job(caller.tenant, params.id);
  }

  @Handles(api.artifacts.get)
  async artifact({ caller, params, query, request }: Call<typeof api.artifacts.get>): Answer<typeof api.artifacts.get> {
    const found = await this.#artifacts.find(caller.tenant, params.id);
    return found === null ? artifactNotFound(params.id) : bytesOf(found, request.method, query.redirect === '1');
  }

  @Handles(api.artifacts.link)
  async artifactLink({ caller, params, body }: Call<typeof api.artifacts.link>): Answer<typeof api.artifacts.link> {
    // It reads, and still lets somebody in: not while nothing goes out by links.
    if (caller.suspended) return tenantSuspended();
    return this.#links.make(caller, params.id, body.ttlSeconds);
  }

  @Handles(api.artifacts.linked)
  async linkedArtifact({
    params,
    query,
    request,
  }: Call<typeof api.artifacts.linked>): Answer<typeof api.artifacts.linked> {
    const found = await this.#links.open(params.id, query.token ?? '');
    return isRefusal(found) ? found : bytesOf(found, request.method, true);
  }
}

/** `redirects`: whoever asked follows to where the bytes are. */
async function bytesOf(found: FoundArtifact, method: string, redirects: boolean): Promise<StoredBytes | Refusal> {
  const { id, mediaType, bytes, name, sha256 } = found.artifact;
  if (method === 'HEAD' && !(await found.isThere())) return fileGone(id, 'missing');
  return {
    ...{ mediaType, bytes, name, sha256 },
    ...(redirects ? { elsewhere: (as) => found.addressOf(as) } : {}),
    async read(range) {
      const content = await found.read(range);
      return typeof content === 'string' ? fileGone(id, content) : content;
    },
  };
}

function fileGone(id: string, why: 'missing' | 'damaged'): Refusal {
  if (why === 'damaged') {
    return refuse('conflict', 'ARTIFACT_FILE_DAMAGED', `The bytes of artifact ${id} are not those that were stored.`, {
      detail: 'Its file has another size than its record says.',
      fix: 'Restore it from a backup of the folder `artifacts`, or of the bucket.',
    });
  }
  return refuse('not_found', 'ARTIFACT_FILE_MISSING', `The bytes of artifact ${id} are not on this server.`, {
    detail: 'Its record is there, and its file is neither in the home of this control plane nor in its bucket.',
    fix: 'Give all control planes of one database one CASARE_HOME and one bucket; if they have, restore the folder `artifacts`.',
  });
}

function latest(a: string | undefined, b: string | undefined): string | null {
  if (a === undefined || b === undefined) return a ?? b ?? null;
  return Date.parse(a) > Date.parse(b) ? a : b;
}
