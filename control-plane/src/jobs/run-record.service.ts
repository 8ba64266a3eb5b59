/**
 * The record of a run as one file, for those who may read its artifacts: streamed from the database and the disk into a
 * zip as it is sent.
 *
 * Invariants: nothing is written to a disk; at most `RECORDS` are sent at once on a replica, and one more is refused; a
 * download that is broken off or stalls ends the work for it.
 */
import type { Artifact, Attempt } from '@casare/shared/api';
import { recordFiles, type RecordSource } from '@casare/shared/record';
import { Readable } from 'node:stream';
import type { Clock } from '../platform/clock.ts';
import type { Queryable, TenantDatabase } from '../platform/database/index.ts';
import { Fault } from '../platform/errors.ts';
import { isRefusal, refuse, type Refusal } from '../platform/refusal.ts';
import { findArtifacts } from './artifact.store.ts';
import type { ArtifactsService } from './artifacts.service.ts';
import { findAttempts } from './attempt.store.ts';
import { findJob } from './job.store.ts';
import { findEvents } from './run-record.store.ts';
import { zipOf } from './run-zip.ts';
import { findLogs, findSteps } from './step.store.ts';
import type { WorkflowsPort } from './workflows.port.ts';

/** A record being sent. */
export interface SentRecord {
  readonly stream: Readable;
  readonly mediaType: string;
  /** Known only when all of it has been made. */
  readonly bytes: null;
  readonly name: string;
}

export interface RunRecordDependencies {
  readonly db: TenantDatabase;
  readonly clock: Clock;
  readonly workflows: Pick<WorkflowsPort, 'resolve'>;
  readonly artifacts: Pick<ArtifactsService, 'find'>;
  /** The built viewer; null where it is not built. */
  readonly viewer: () => Promise<string | null>;
  /** For tests that cannot wait a minute. */
  readonly stalledMs?: number;
}

/** Records sent at once: each reads the database and compresses. */
const RECORDS = 4;
/** Rows read at once: a row may hold an output of 256 KiB. */
const PAGE = 50;
const ATTEMPTS = 200;
/** A reader that takes nothing for so long loses its place, milliseconds. */
const STALLED_MS = 60_000;
const WRITTEN_BY = 'casare control plane';

export class RunRecordService {
  readonly #deps: RunRecordDependencies;
  #sending = 0;

  constructor(dependencies: RunRecordDependencies) {
    this.#deps = dependencies;
  }

  /** Begins to send the record of a job as it is now. The stream must be read or destroyed. */
  async open(tenant: string, id: string): Promise<SentRecord | Refusal> {
    if (this.#sending >= RECORDS) {
      return refuse('busy', 'RECORDS_BUSY', `${RECORDS} run records are being sent already.`, {
        fix: 'Try again in a moment.',
        retryAfterSeconds: 5,
      });
    }
    this.#sending += 1;
    let stream: Readable | undefined;
    try {
      const source = await this.#source(tenant, id);
      if (isRefusal(source)) return source;
      const writtenAt = this.#deps.clock.now();
      const viewer = await this.#deps.viewer();
      const zip = zipOf(recordFiles(source, { writtenAt, writtenBy: WRITTEN_BY, viewer }), writtenAt);
      stream = endedWhenStalled(zip, this.#deps.stalledMs ?? STALLED_MS);
      stream.once('close', () => (this.#sending -= 1));
      return { stream, mediaType: 'application/zip', bytes: null, name: `run-${id}.zip` };
    } finally {
      if (stream === undefined) this.#sending -= 1;
    }
  }

  async #source(tenant: string, id: string): Promise<RecordSource | Refusal> {
    const { db, workflows, artifacts } = this.#deps;
    const job = await findJob(db.of(tenant), tenant, id);
    if (!job)
      return refuse('not_found', 'JOB_NOT_FOUND', `There is no job ${id}.`, { fix: 'List jobs to find its id.' });
    const workflow = await workflows.resolve(tenant, job.workflow.id);
    const numbered = <T extends Numbered>(find: FindNumbered<T>) =>
      pages(
        (after: readonly [number, number], limit) => find(db.of(tenant), tenant, id, after, limit),
        [0, 0],
        keyOfNumbered,
        PAGE,
      );
    const attempts: Attempt[] = [];
    const findNext = (after: number, limit: number) => findAttempts(db.of(tenant), tenant, id, after, limit);
    for await (const attempt of pages(findNext, 0, ({ attempt: n }: Attempt) => n, ATTEMPTS)) attempts.push(attempt);
    return {
      job,
      document: isRefusal(workflow) ? null : workflow.document,
      attempts,
      events: () => numbered(findEvents),
      steps: () => numbered(findSteps),
      log: () => numbered(findLogs),
      artifacts: () => this.#artifacts(tenant, id),
      open: (artifact) => openFile(artifacts, tenant, artifact.id),
    };
  }

  /** Read behind events, steps and lines: a job whose day was dropped meanwhile would look like one with fewer of them. */
  async *#artifacts(tenant: string, id: string): AsyncGenerator<Artifact> {
    const { db } = this.#deps;
    const find = (after: readonly [kind: string, name: string], limit: number) =>
      findArtifacts(db.of(tenant), tenant, id, after, limit);
    yield* pages(find, ['', ''], ({ kind, name }): readonly [string, string] => [kind, name], PAGE);
    if (await findJob(db.of(tenant), tenant, id)) return;
    throw new Error(`job ${id} was removed while its record was being sent`);
  }
}

interface Numbered {
  readonly attempt: number;
  readonly seq: number;
}
type FindNumbered<T> = (
  db: Queryable,
  tenant: string,
  id: string,
  after: readonly [number, number],
  limit: number,
) => Promise<T[]>;

const keyOfNumbered = ({ attempt, seq }: Numbered) => [attempt, seq] as const;

/** The same bytes; the stream breaks when nobody has taken any for `ms`. */
function endedWhenStalled(zip: Readable, ms: number): Readable {
  async function* watched(): AsyncGenerator<Uint8Array> {
    for await (const chunk of zip) {
      stalled.refresh();
      yield chunk as Uint8Array;
    }
  }
  const stream = Readable.from(watched(), { objectMode: false });
  const stalled = setTimeout(() => {
    stream.destroy(new Error(`the reader of a run record took nothing for ${ms} ms`));
  }, ms);
  // Its errors come out of the reading above, if there is one.
  zip.on('error', () => undefined);
  // Also when it was never read: then nobody else ends what is behind it.
  return stream.once('close', () => {
    clearTimeout(stalled);
    zip.destroy();
  });
}

/** All items of a list, a page at a time. */
async function* pages<T, K>(
  find: (after: K, limit: number) => Promise<T[]>,
  first: K,
  keyOf: (item: T) => K,
  limit: number,
): AsyncGenerator<T> {
  let after = first;
  for (;;) {
    const page = await find(after, limit);
    yield* page;
    if (page.length < limit) return;
    after = keyOf(page.at(-1)!);
  }
}

/** The bytes of a file, or why they are not to be had. */
async function openFile(
  artifacts: RunRecordDependencies['artifacts'],
  tenant: string,
  id: string,
): ReturnType<RecordSource['open']> {
  const found = await artifacts.find(tenant, id);
  const content = found === null ? 'missing' : await found.read(null).catch(storeAway);
  if (content === 'away') return { missing: 'ARTIFACT_STORE_UNREACHABLE: its bytes cannot be read now' };
  if (content === 'missing')
    return { missing: 'ARTIFACT_FILE_MISSING: its bytes are not in the store of this control plane' };
  if (content === 'damaged') return { missing: 'ARTIFACT_FILE_DAMAGED: its file has another size' };
  return { content };
}

function storeAway(error: unknown): 'away' {
  if (error instanceof Fault && error.code === 'ARTIFACT_STORE_UNREACHABLE') return 'away';
  throw error;
}
