/** Jobs: submitting, dispatching, recording, steering. */
export { createJobs, jobsModule, type Jobs, type JobsOptions } from './jobs.module.ts';
export { assignmentText } from './assignment-text.ts';
export type { ArtifactRefusal, ArtifactsService, Upload } from './artifacts.service.ts';
export type { Dispatcher } from './dispatcher.ts';
export type { DispatchTarget } from './held-agents.ts';
export type { Recorded } from './event-batcher.ts';
export type { Reconciled, RunsService, AgentRef } from './runs.service.ts';
export * as sessions from './session.store.ts';
export { countCodes, firstUnmet, type AgentFitness, type HeldBy, type UnmetCount } from './why-pending.decision.ts';
export type { Route } from './matching.decision.ts';
export type { ClosedNow } from './query.service.ts';
export { declareRestored, expectStopped } from './restore.ts';
export { ArtifactFiles } from './artifact-files.ts';
export { ENDED } from './job.lifecycle.ts';
export { zipOf } from './run-zip.ts';
export type { JobQuotas, Room } from './quotas.port.ts';
export type { RunnableWorkflow, SecretsPort, WorkflowsPort } from './workflows.port.ts';
export { CANCEL_GRACE_MS } from './steer.service.ts';
