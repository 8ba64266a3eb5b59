/** The agent's durable journal. */
export { EVENT_BYTES, Outbox } from './outbox.ts';
export { OUTBOX_BYTES } from './outbox.schema.ts';
export type { OutboxDepth, RunProgress } from './depth.ts';
export type { OutboxOptions } from './outbox.ts';
export { StoredAssignment } from './outbox.rows.ts';
export type { ArtifactRow, RunKey, RunRow, WorkerRecord } from './outbox.rows.ts';
