/**
 * The record of a run as one file, `run.zip`: everything that was recorded, and a page that shows it without a network.
 * Whoever writes one and whoever reads one uses the names and shapes of this file.
 *
 * Invariants: names in it are relative, with forward slashes, and never lead upwards; `run.json` lists every artifact,
 * also those whose bytes could not be had, with the reason; a reader refuses a version that it does not know.
 */
import { z } from 'zod';
import { Artifact } from '../api/artifacts.ts';
import { Attempt, Job, LogLine, Step } from '../api/jobs.ts';
import { time } from '../api/page.ts';
import { RunEvent } from '../protocol/run-events.ts';

export const RECORD_FORMAT = 'casare.run';
/** A change that an older reader would misunderstand is a new version. */
export const RECORD_VERSION = 1;

/** The files of a record besides its artifacts. */
export const RECORD_FILES = {
  run: 'run.json',
  events: 'events.jsonl',
  cloudEvents: 'cloud-events.jsonl',
  steps: 'steps.json',
  log: 'log.jsonl',
  page: 'index.html',
} as const;

/** Artifacts whose bytes are in one record; more are listed as left out. */
export const RECORD_ARTIFACTS = 10_000;
/** Artifacts that `run.json` lists; of more it is said that there are more. */
export const RECORD_ARTIFACTS_LISTED = 50_000;
/** Attempts and notes of what is missing that `run.json` lists. */
export const RECORD_LIST = 10_000;

/** One recorded event: which attempt wrote it, and the event itself. */
export const RecordedEvent = RunEvent.extend({ attempt: z.int().min(1) });
export type RecordedEvent = z.infer<typeof RecordedEvent>;

/** A run's own data: what the API says of a job, less what only the control plane means. */
export const RecordedJob = Job.pick({
  id: true,
  state: true,
  generation: true,
  attempt: true,
  agent: true,
  input: true,
  output: true,
  error: true,
  createdAt: true,
  startedAt: true,
  endedAt: true,
}).extend({
  workflow: z.object({ namespace: z.string(), name: z.string(), version: z.string() }),
  review: z.object({ reason: z.string(), position: z.string().nullable() }).nullable(),
});
export type RecordedJob = z.infer<typeof RecordedJob>;

/** An artifact, and where its bytes are in the record; without them, why not. */
export const RecordedArtifact = Artifact.extend({
  /** A reader shows those that it does not know as files. */
  kind: z.string().max(50),
  file: z.string().max(1_000).nullable(),
  missing: z.string().max(2_000).nullable(),
});
export type RecordedArtifact = z.infer<typeof RecordedArtifact>;

/** Something that was to be recorded and is not there. */
export const Missing = z.object({
  what: z.string().max(2_000),
  why: z.string().max(2_000),
  /** Of which attempt and step, where that is known. */
  attempt: z.int().min(1).optional(),
  position: z.string().max(5_000).optional(),
});
export type Missing = z.infer<typeof Missing>;

/** What tells a record from other zips, and whether it can be read. */
export const RecordMark = z.object({ format: z.literal(RECORD_FORMAT), version: z.int().min(1) });

/** `run.json`. */
export const RunRecord = RecordMark.extend({
  writtenAt: time,
  /** The program that wrote it, such as `casare 0.1.0`. */
  writtenBy: z.string().max(200),
  job: RecordedJob,
  /** The workflow, normalised; null where it could not be had. */
  document: z.json().nullable(),
  attempts: z.array(Attempt).max(RECORD_LIST),
  artifacts: z.array(RecordedArtifact),
  missing: z.array(Missing).max(RECORD_LIST),
  counts: z.object({ events: z.int(), steps: z.int(), lines: z.int() }),
});
export type RunRecord = z.infer<typeof RunRecord>;

/** `steps.json`. */
export const RecordedSteps = z.array(Step);
/** One line of `log.jsonl`. */
export const RecordedLine = LogLine;
