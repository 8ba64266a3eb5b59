/** What the outbox hands out: its rows, parsed, in the words of the protocol. */
import { ArtifactKind, JobAssign } from '@casare/shared/protocol';
import { z } from 'zod';

/** Names one attempt of one job. */
export interface RunKey {
  readonly jobId: string;
  readonly attempt: number;
}

/** An assignment as it is kept: everything except the secrets, which never touch the disk. */
export const StoredAssignment = JobAssign.omit({
  ...{ type: true, secrets: true, secretRules: true, sealedSecrets: true, localSecrets: true },
});
export type StoredAssignment = z.infer<typeof StoredAssignment>;

/** The worker process that last ran an attempt, so that a leftover can be told from a stranger with the same pid. */
export const WorkerRecord = z.object({
  /** 0 when the process could not be started. */
  pid: z.int().min(0),
  /** Kernel start time of the process, clock ticks since boot; 0 where the system does not tell. */
  startTicks: z.int().min(0),
  /** Random text in the environment of the worker and of everything it starts. */
  marker: z.uuid(),
  /** The worker host that started it, by its user; absent of a worker that the agent forked. */
  host: z.string().max(200).optional(),
});
export type WorkerRecord = z.infer<typeof WorkerRecord>;

/** One attempt this agent holds. */
export interface RunRow extends RunKey {
  readonly phase: 'waiting' | 'running' | 'finished';
  readonly lastSeq: number;
  readonly ackedSeq: number;
  /** Type of the last event once the attempt has ended. */
  readonly ending: string | null;
  /** When it ended, milliseconds since the epoch. */
  readonly endedAt: number | null;
  /** The ending may leave: every declared output is at the control plane. */
  readonly released: boolean;
  /** How often a worker of this attempt died. */
  readonly crashes: number;
  readonly worker: WorkerRecord | null;
}

/** A file waiting for the control plane. */
export interface ArtifactRow extends RunKey {
  readonly artifactId: string;
  readonly name: string;
  readonly kind: ArtifactKind;
  readonly mediaType: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly position: string | null;
  readonly state: 'queued' | 'stored' | 'refused';
  /** Why it was refused. */
  readonly code: string | null;
}

const RunColumns = z.object({
  job: z.string(),
  attempt: z.int(),
  phase: z.enum(['waiting', 'running', 'finished']),
  acked_seq: z.int(),
  ending: z.string().nullable(),
  ended_at: z.int().nullable(),
  released: z.int(),
  crashes: z.int(),
  worker: z.string().nullable(),
});

const ArtifactColumns = z.object({
  artifact_id: z.string(),
  job: z.string(),
  attempt: z.int(),
  name: z.string(),
  kind: ArtifactKind,
  media_type: z.string(),
  sha256: z.string(),
  bytes: z.int(),
  position: z.string().nullable(),
  state: z.enum(['queued', 'stored', 'refused']),
  code: z.string().nullable(),
});

/** Reads a row of `run`; the number of its last event is that of the event. */
export function toRunRow(row: unknown, lastSeq: number): RunRow {
  const columns = RunColumns.parse(row);
  return {
    jobId: columns.job,
    attempt: columns.attempt,
    phase: columns.phase,
    lastSeq,
    ackedSeq: columns.acked_seq,
    ending: columns.ending,
    endedAt: columns.ended_at,
    released: columns.released === 1,
    crashes: columns.crashes,
    worker: columns.worker === null ? null : WorkerRecord.parse(JSON.parse(columns.worker)),
  };
}

/** Reads a row of `artifact`. */
export function toArtifactRow(row: unknown): ArtifactRow {
  const columns = ArtifactColumns.parse(row);
  return {
    artifactId: columns.artifact_id,
    jobId: columns.job,
    attempt: columns.attempt,
    name: columns.name,
    kind: columns.kind,
    mediaType: columns.media_type,
    sha256: columns.sha256,
    bytes: columns.bytes,
    position: columns.position,
    state: columns.state,
    code: columns.code,
  };
}
