/**
 * The record of a local run as one file, of the same form as the control plane's: `casare run-view` shows both. Made when the
 * run has ended, of its events and of the files that it kept.
 */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { readFile, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import type { Artifact } from '@casare/shared/api';
import type { RunEvent } from '@casare/shared/protocol';
import { lineOf, recordFiles, stepsOf, type RecordSource } from '@casare/shared/record';
import type { Json, Workflow } from '@casare/shared/workflow';
import { ZipFile } from 'yazl';
import type { ArtifactAbout, RunEndingBody } from '../engine/index.ts';

/** A file that the run kept. */
export interface KeptFile {
  readonly path: string;
  /** `position`: the step's. */
  readonly about: ArtifactAbout & { readonly position: string };
  readonly at: Date;
}

/** A run that is over. */
export interface EndedRun {
  readonly id: string;
  readonly document: Workflow;
  readonly input: Json;
  readonly events: readonly RunEvent[];
  readonly files: readonly KeptFile[];
  readonly ending: RunEndingBody;
  readonly began: Date;
  readonly ended: Date;
}

const ATTEMPT = 1;
const STATES = {
  'run.completed': 'succeeded',
  'run.failed': 'failed',
  'run.timed_out': 'timed_out',
  'run.cancelled': 'cancelled',
  'run.suspended': 'needs_review',
} as const;

/** Writes the record to `file`, which has its name only when all of it is there. */
export async function writeRecord(run: EndedRun, file: string): Promise<void> {
  const options = { writtenAt: run.ended, writtenBy: 'casare-agent run-local', viewer: await viewerPage() };
  const zip = new ZipFile();
  const part = `${file}.${randomUUID()}.part`;
  const written = pipeline(zip.outputStream, createWriteStream(part, { flags: 'wx', mode: 0o600 }));
  try {
    for await (const { name, packed, content } of recordFiles(await sourceOf(run), options)) {
      const stream = content instanceof Readable ? content : Readable.from(content, { objectMode: false });
      zip.addReadStream(stream, name, { mtime: run.ended, mode: 0o100_644, compress: !packed });
      // A disk that is full ends the writing, and nobody would read on.
      await Promise.race([finished(stream), written]);
    }
    zip.end();
    await written;
    await rename(part, file);
  } finally {
    (zip.outputStream as Readable).destroy();
    await written.catch(() => undefined);
    await rm(part, { force: true });
  }
}

async function sourceOf(run: EndedRun): Promise<RecordSource> {
  const { id, document, input, events, ending } = run;
  const times = { startedAt: run.began.toISOString(), endedAt: run.ended.toISOString() };
  // A step that ran again has replaced its earlier file.
  const kept = [...new Map(run.files.map((file) => [`${file.about.kind} ${file.about.name}`, file])).values()];
  const files = await Promise.all(kept.map(async (file) => ({ file, artifact: await artifactOf(file, id) })));
  const state = STATES[ending.type];
  const error = 'error' in ending ? ending.error : null;
  const { namespace, name, version } = document.document;
  return {
    job: {
      ...{
        id,
        state,
        generation: 1,
        attempt: ATTEMPT,
        agent: null,
        input,
        error,
        createdAt: times.startedAt,
        ...times,
      },
      // JSON both; one type says so as readonly.
      input: input as never,
      output: ending.type === 'run.completed' ? ending.output : null,
      workflow: { namespace, name, version },
      review: ending.type === 'run.suspended' ? { reason: ending.reason, position: ending.position } : null,
    },
    document,
    attempts: [
      {
        ...{ attempt: ATTEMPT, generation: 1, agent: null, leasedAt: times.startedAt, endedAt: times.endedAt },
        ...{ outcome: state, error, records: events.length },
      },
    ],
    events: () => each(events.map((event) => ({ attempt: ATTEMPT, ...event }))),
    steps: () => each(stepsOf(ATTEMPT, events)),
    log: () =>
      each(
        events.flatMap(({ seq, at, body }) => {
          const line = lineOf(body);
          return line === null ? [] : [{ attempt: ATTEMPT, seq, at, ...line }];
        }),
      ),
    artifacts: () => each(files.map(({ artifact }) => artifact)),
    open: (artifact) => {
      const { path } = files.find((each) => each.artifact === artifact)!.file;
      return Promise.resolve(
        artifact.sha256 === '' ? { missing: 'its file is gone' } : { content: createReadStream(path) },
      );
    },
  };
}

/** A step may have overwritten or removed the file since: then it has no digest. */
async function artifactOf({ path, about, at }: KeptFile, jobId: string): Promise<Artifact> {
  const { name, kind, mediaType, position } = about;
  const found = await stat(path).catch(() => null);
  const hash = createHash('sha256');
  if (found !== null) await pipeline(createReadStream(path), hash);
  return {
    ...{ id: randomUUID(), jobId, attempt: ATTEMPT, name, kind, mediaType, position, createdAt: at.toISOString() },
    ...{ bytes: found?.size ?? 0, sha256: found === null ? '' : hash.digest('hex') },
  };
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

/** The built viewer; null where it is not built. */
async function viewerPage(): Promise<string | null> {
  try {
    return await readFile(createRequire(import.meta.url).resolve('@casare/shared/viewer.html'), 'utf8');
  } catch {
    return null;
  }
}
