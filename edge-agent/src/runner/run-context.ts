/** What a run works with, and why its steps may not act any more. */
import { AGENT_STOPPED, type WorkflowError } from '@casare/shared/protocol';
import type { Clock } from '../clock.ts';
import type { Outbox } from '../outbox/index.ts';
import type { Policy } from '../policy/index.ts';
import type { SecretSource } from '../secrets/index.ts';
import type { ArtifactIntake } from './artifact-intake.ts';
import type { Lease } from './lease.decision.ts';
import type { WorkerProcess } from './worker-process.ts';

export interface RunContext {
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly intake: ArtifactIntake;
  readonly takeWorker: () => WorkerProcess;
  readonly lease: () => Lease;
  readonly runFolder: string;
  /** What steps may do and reach. */
  readonly policy: Policy;
  /** Where values of secrets come from, beside those that were given. */
  readonly secretSources?: readonly SecretSource[] | undefined;
  readonly log: (level: 'debug' | 'info' | 'warn' | 'error', message: string) => void;
  /** New events are in the outbox. */
  readonly wake: () => void;
  readonly ended: () => void;
  /** The worker is gone for good: the slot is free. */
  readonly gone: () => void;
}

const RUNTIME_ERROR = { type: 'https://open-workflow-specification.org/spec/1.0.0/errors/runtime', status: 500 };

/** Of a step that was about to act. */
export const CANCELLED: WorkflowError = {
  ...RUNTIME_ERROR,
  title: 'The run was cancelled before this step acted',
  code: 'RUN_CANCELLED',
};
export const LATE: WorkflowError = {
  ...RUNTIME_ERROR,
  title: 'The time of the run was over before this step acted',
  code: 'RUN_LATE',
};
export const STOPPED: WorkflowError = {
  ...RUNTIME_ERROR,
  title: 'The agent stopped before this step acted',
  code: AGENT_STOPPED,
};
