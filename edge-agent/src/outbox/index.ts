/** The agent's durable journal. */
export { EVENT_BYTES, Outbox, OUTBOX_BYTES } from './outbox.ts';
export type { OutboxOptions } from './outbox.ts';
export { StoredAssignment } from './outbox.rows.ts';
export type { ArtifactRow, RunKey, RunRow, WorkerRecord } from './outbox.rows.ts';
