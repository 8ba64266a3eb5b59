/** What jobs need of other features, as narrow ports: the workflows that are run and the secrets they use. */
import type { ProblemDetail } from '@casare/shared/api';
import type {
  OnDisconnect,
  SealedSecrets,
  SecretRulesByName,
  Secrets,
  SignatureEnvelope,
  SlotKind,
} from '@casare/shared/protocol';
import type { JobRetry, Workflow } from '@casare/shared/workflow';
import type { Refusal } from '../platform/refusal.ts';

/** A saved version, as a job runs it. */
export interface RunnableWorkflow {
  readonly id: string;
  readonly namespace: string;
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  /** Normalised. */
  readonly document: Workflow;
  readonly signature?: SignatureEnvelope | null;
  readonly analysis: {
    readonly slot: SlotKind;
    readonly capabilities: readonly string[];
    readonly site?: string | null | undefined;
    readonly secrets: readonly string[];
    readonly onDisconnect: OnDisconnect;
    readonly disconnectGraceMs: number;
    /** Absent in what was saved before there were retries. */
    readonly retry?: JobRetry | null | undefined;
  };
}

export interface WorkflowsPort {
  /** By `namespace/name`, `namespace/name@version` or a version's id. */
  resolve(tenant: string, reference: string): Promise<RunnableWorkflow | Refusal>;
  /** What is wrong with a job's input; empty when nothing is. */
  validateInput(workflow: RunnableWorkflow, input: unknown): ProblemDetail[];
}

/** The attempt that gets secrets, and the agent that holds its lease. */
export interface SecretUse {
  readonly tenant: string;
  readonly jobId: string;
  readonly attempt: number;
  readonly agentId: string;
  readonly requestedBy: string;
}

export interface SecretsPort {
  /** Each call is on record as a use of what it gives. `missing`: names that have no value here; the agent may have one. */
  secretsFor(
    use: SecretUse,
    names: readonly string[],
  ): Promise<{
    values: Secrets;
    rules: SecretRulesByName;
    missing: readonly string[];
    /** What only the agent opens. */
    sealed?: SealedSecrets;
  }>;
}
