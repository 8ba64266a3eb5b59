/** How full the outbox is, and what a run is doing, for people: counts and sizes, never what was recorded. */
import { z } from 'zod';

/** What waits for the control plane. */
export interface OutboxDepth {
  /** Events that it has not acknowledged. */
  readonly events: number;
  readonly eventBytes: number;
  /** When the oldest of them was written; null when none waits. */
  readonly oldest: string | null;
  readonly files: number;
  readonly fileBytes: number;
}

/** Where a run is. */
export interface RunProgress {
  /** When its first event was written; null before there is one. */
  readonly since: string | null;
  /** The step that was started last. */
  readonly step: string | null;
}

const DepthColumns = z.object({
  events: z.int(),
  event_bytes: z.int(),
  oldest: z.string().nullable(),
  files: z.int(),
  file_bytes: z.int(),
});
const ProgressColumns = z.object({ since: z.string().nullable(), step: z.string().nullable() });

export function toDepth(row: unknown): OutboxDepth {
  const { events, event_bytes: eventBytes, oldest, files, file_bytes: fileBytes } = DepthColumns.parse(row);
  return { events, eventBytes, oldest, files, fileBytes };
}

export function toProgress(row: unknown): RunProgress {
  return ProgressColumns.parse(row);
}
