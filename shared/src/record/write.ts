/**
 * Writes a record: gives its files one after the other, made of what a source knows of the run. The control plane and the
 * agent have sources of their own; how the files become a zip is theirs too.
 *
 * Invariants: a file is read to its end before the next one is asked for, and each gives its content as it is read, so
 * nothing of a run is held in memory but the list of its artifacts; what cannot be had is listed and stops nothing else.
 */
import type { Artifact } from '../api/artifacts.ts';
import type { Attempt, LogLine, Step } from '../api/jobs.ts';
import { cloudEvents } from './cloud-events.ts';
import {
  RECORD_ARTIFACTS,
  RECORD_ARTIFACTS_LISTED,
  RECORD_FILES,
  RECORD_FORMAT,
  RECORD_LIST,
  RECORD_VERSION,
  RunRecord,
  type Missing,
  type RecordedArtifact,
  type RecordedEvent,
  type RecordedJob,
} from './format.ts';
import { readLostLine, readLostName } from './lost.ts';
import { pageJson, pageParts } from './page.ts';

/** What a record is made of. Each list may be read twice, oldest first. */
export interface RecordSource {
  readonly job: RecordedJob;
  /** JSON; null where it could not be had. */
  readonly document: unknown;
  readonly attempts: readonly Attempt[];
  events(): AsyncIterable<RecordedEvent>;
  steps(): AsyncIterable<Step>;
  log(): AsyncIterable<LogLine>;
  artifacts(): AsyncIterable<Artifact>;
  /** The bytes of an artifact, or why they are not there. */
  open(artifact: Artifact): Promise<{ readonly content: AsyncIterable<Uint8Array> } | { readonly missing: string }>;
}

export interface RecordOptions {
  readonly writtenAt: Date;
  readonly writtenBy: string;
  /** The built viewer; null where there is none. */
  readonly viewer: string | null;
}

/** One file of a record. */
export interface RecordFile {
  readonly name: string;
  /** Its bytes are compressed already. */
  readonly packed: boolean;
  readonly content: AsyncIterable<Uint8Array>;
}

/** Data in the page beyond this is left out: `casare run-view` has it all, and a browser would choke on it. */
const PAGE_DATA_BYTES = 33_554_432;
/** Small pieces are joined into chunks of about so many characters. */
const CHUNK_CHARS = 65_536;
const PACKED = /^(image\/(png|jpeg|webp)|application\/(zip|gzip|pdf)|video\/)/;
/** A line of the log by which an agent of an earlier version says that evidence was not kept: its code, then what and why. */
const DROPPED = /^(EVIDENCE_[A-Z_]+): (.*)/s;

/** What stands for a file that the agent's policy keeps on the premises: a note with its name and size. */
const WITHHELD = '.withheld.json';

const NO_ROOM = { missing: `RECORD_FULL: a record holds the bytes of ${RECORD_ARTIFACTS} artifacts` };

/** The files of the record, in the order in which they are to be written. */
export async function* recordFiles(source: RecordSource, options: RecordOptions): AsyncGenerator<RecordFile> {
  const counts = { events: 0, steps: 0, lines: 0 };
  const missing: Missing[] = [];
  const miss = (what: string, why: string, of: Pick<Missing, 'attempt' | 'position'> = {}): void => {
    if (missing.length >= RECORD_LIST) return;
    if (missing.length < RECORD_LIST - 1) missing.push({ what: what.slice(0, 2_000), why: why.slice(0, 2_000), ...of });
    else missing.push({ what: 'more', why: `RECORD_FULL: a record lists ${RECORD_LIST} things that are missing` });
  };
  let data = 0;
  const measured = (file: RecordFile): RecordFile => ({ ...file, content: weighed(file.content, (n) => (data += n)) });

  yield textFile(
    RECORD_FILES.events,
    jsonLines(source.events(), () => (counts.events += 1)),
  );
  yield textFile(
    RECORD_FILES.cloudEvents,
    jsonLines(cloudEvents(source.job, source.events()), () => undefined),
  );
  yield measured(
    textFile(
      RECORD_FILES.steps,
      jsonArray(source.steps(), () => (counts.steps += 1)),
    ),
  );
  yield measured(
    textFile(
      RECORD_FILES.log,
      jsonLines(source.log(), ({ message, attempt }) => {
        counts.lines += 1;
        const lost = readLostLine(message);
        const dropped = lost === null ? DROPPED.exec(message) : null;
        if (lost !== null) miss(lost.name, `${lost.code}: ${lost.why}`, { attempt, position: lost.position });
        if (dropped) miss(dropped[2]!, dropped[1]!);
      }),
    ),
  );

  const artifacts: RecordedArtifact[] = [];
  const taken = new Set<string>();
  for await (const artifact of source.artifacts()) {
    if (artifacts.length >= RECORD_ARTIFACTS_LISTED) {
      miss('more artifacts', `RECORD_FULL: a record lists ${RECORD_ARTIFACTS_LISTED} artifacts`);
      break;
    }
    const { attempt, position } = artifact;
    const of = { attempt, ...(position === null ? {} : { position }) };
    if (artifact.kind !== 'output' && artifact.name.endsWith(WITHHELD)) {
      miss(artifact.name.slice(0, -WITHHELD.length), "WITHHELD: the agent's policy keeps it on the premises", of);
    }
    const lost = artifact.kind === 'output' ? null : readLostName(artifact.name);
    if (lost !== null) miss(lost.name, `${lost.code}: ${lost.why}`, of);
    const opened = taken.size < RECORD_ARTIFACTS ? await source.open(artifact) : NO_ROOM;
    if ('missing' in opened) {
      artifacts.push({ ...artifact, file: null, missing: opened.missing.slice(0, 2_000) });
      miss(artifact.name, opened.missing, of);
      continue;
    }
    const name = nameFor(artifact, taken);
    artifacts.push({ ...artifact, file: name, missing: null });
    yield { name, packed: PACKED.test(artifact.mediaType), content: opened.content };
  }

  const fits = data <= PAGE_DATA_BYTES;
  const page = options.viewer === null ? null : pageParts(options.viewer);
  if (page === null) miss(RECORD_FILES.page, 'the viewer is not built: `npm run build`');
  else if (!fits) miss(`data in ${RECORD_FILES.page}`, 'the run is too large for one page: use `casare run-view`');
  const run = RunRecord.parse({
    ...{ format: RECORD_FORMAT, version: RECORD_VERSION, writtenBy: options.writtenBy },
    ...{ writtenAt: options.writtenAt.toISOString(), job: source.job, document: source.document },
    ...{ attempts: source.attempts.slice(0, RECORD_LIST), artifacts, missing, counts },
  });
  yield textFile(RECORD_FILES.run, one(JSON.stringify(run)));
  if (page !== null) yield textFile(RECORD_FILES.page, pageOf(page, fits ? { run, source } : null));
}

/** Where an artifact's bytes go: by attempt and name, and by kind too where two kinds share a name. */
function nameFor({ attempt, kind, name, id }: Artifact, taken: Set<string>): string {
  // Disks that take two cases for one name must find two files.
  const free = [`artifacts/${attempt}/${name}`, `artifacts/${attempt}/${kind}/${name}`, `artifacts/${attempt}/${id}`];
  const chosen = free.find((candidate) => !taken.has(candidate.toLowerCase()))!;
  taken.add(chosen.toLowerCase());
  return chosen;
}

/** The viewer with the run in it. */
async function* pageOf(
  [before, after]: readonly [string, string],
  data: { readonly run: RunRecord; readonly source: RecordSource } | null,
): AsyncGenerator<string> {
  yield before;
  if (data !== null) {
    yield `{"run":${pageJson(data.run)},"steps":`;
    yield* jsonArray(data.source.steps(), () => undefined, pageJson);
    yield ',"lines":';
    yield* jsonArray(data.source.log(), () => undefined, pageJson);
    yield '}';
  }
  yield after;
}

function textFile(name: string, text: AsyncIterable<string>): RecordFile {
  return { name, packed: false, content: chunks(text) };
}

async function* one(text: string): AsyncGenerator<string> {
  yield text;
}

async function* jsonLines<T>(items: AsyncIterable<T>, seen: (item: T) => void): AsyncGenerator<string> {
  for await (const item of items) {
    seen(item);
    yield `${JSON.stringify(item)}\n`;
  }
}

async function* jsonArray<T>(
  items: AsyncIterable<T>,
  seen: (item: T) => void,
  text: (item: T) => string = JSON.stringify,
): AsyncGenerator<string> {
  let separator = '[';
  for await (const item of items) {
    seen(item);
    yield separator + text(item);
    separator = ',\n';
  }
  yield separator === '[' ? '[]' : ']';
}

/** The text as bytes, small pieces joined. */
async function* chunks(text: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  let waiting = '';
  for await (const piece of text) {
    waiting += piece;
    if (waiting.length < CHUNK_CHARS) continue;
    yield encoder.encode(waiting);
    waiting = '';
  }
  if (waiting !== '') yield encoder.encode(waiting);
}

async function* weighed(content: AsyncIterable<Uint8Array>, add: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of content) {
    add(chunk.byteLength);
    yield chunk;
  }
}
