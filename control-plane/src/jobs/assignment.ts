/**
 * Builds the message that carries a leased job to its agent: document, input, secrets, and for a resumed job the
 * acknowledged journal with its files. Secrets are read at this moment and kept nowhere.
 */
import { SERVER_FRAME_BYTES, type JobAssign, type RunEvent } from '@casare/shared/protocol';
import type { Database } from '../platform/database/index.ts';
import { Fault } from '../platform/errors.ts';
import { isRefusal } from '../platform/refusal.ts';
import { findArtifacts } from './artifact.store.ts';
import { writeAssignment } from './assignment-text.ts';
import type { Assignment, JobRef } from './job.store.ts';
import { JOB_DEADLINE } from './job.lifecycle.ts';
import type { AttemptKey } from './lease.store.ts';
import { readJournal } from './run.store.ts';
import { timeLimitOf } from './time-limit.decision.ts';
import type { RunnableWorkflow, SecretUse, SecretsPort, WorkflowsPort } from './workflows.port.ts';

/** Files of earlier attempts that an assignment lists at most. */
const FILES = 10_000;

export interface AssignmentDependencies {
  readonly db: Database;
  readonly workflows: WorkflowsPort;
  readonly secrets: SecretsPort;
  /** What the job's row says; calls that come together share a statement. */
  readonly assignmentOf: (job: JobRef) => Promise<Assignment | null>;
}

/** Of the secret store: what an operator mends, while jobs wait. */
const PASSING: ReadonlySet<string> = new Set(['SECRETS_KEY_UNAVAILABLE']);

/** The message, or why there can be none (the job then fails with this code). */
export type Assigned = { ok: true; message: JobAssign } | { ok: false; code: string; reason: string };

/** Builds the assignment of a lease; `known` is what the job's row said when it was just made. */
export async function buildAssignment(
  deps: AssignmentDependencies,
  key: AttemptKey & { readonly agentId: string },
  known: Assignment | null = null,
): Promise<Assigned> {
  const job = known ?? (await deps.assignmentOf(key));
  if (!job) return { ok: false, code: 'JOB_NOT_FOUND', reason: 'The job is gone.' };
  // It was leased in time; an agent that was away, or has not accepted it, would begin it late.
  if (job.late) return { ok: false, code: JOB_DEADLINE.code, reason: JOB_DEADLINE.title };
  const workflow = await deps.workflows.resolve(key.tenant, job.workflowId);
  if (isRefusal(workflow)) return { ok: false, code: workflow.code, reason: workflow.title };
  const secrets = await secretsOf(deps.secrets, { ...key, requestedBy: job.requestedBy }, workflow);
  if (!secrets.ok) return secrets;
  const resumed = key.attempt > job.firstAttempt;
  const timeLimit = timeLimitOf(job.jobLeftMs, job.attemptTimeoutMs);
  const files = resumed ? await findArtifacts(deps.db, key.tenant, key.jobId, ['', ''], FILES) : [];
  return bounded({
    type: 'job.assign',
    jobId: key.jobId,
    attempt: key.attempt,
    generation: job.generation,
    workflow: {
      namespace: workflow.namespace,
      name: workflow.name,
      version: workflow.version,
      digest: workflow.digest,
      document: workflow.document as never,
      ...(workflow.signature == null ? {} : { signature: workflow.signature }),
    },
    input: job.input as never,
    requestedBy: job.requestedBy.slice(0, 300),
    ...secrets.given,
    slot: workflow.analysis.slot,
    onDisconnect: workflow.analysis.onDisconnect,
    ...(timeLimit === null ? {} : { timeLimit }),
    journal: resumed ? (await readJournal(deps.db, key.tenant, key.jobId, job.firstAttempt)).filter(isOfAttempts) : [],
    artifacts: files.map(({ id, name, bytes, sha256 }) => ({ artifactId: id, name, bytes, sha256 })),
  });
}

/** Pauses of earlier attempts mean nothing to this one, and an older agent does not know the words. */
function isOfAttempts({ body }: RunEvent): boolean {
  return body.type !== 'run.paused' && body.type !== 'run.resumed';
}

/** A message that no frame can carry would be sent for ever: the job fails and says why. */
function bounded(message: JobAssign): Assigned {
  const text = writeAssignment(message);
  const bytes = Buffer.byteLength(text ?? JSON.stringify(message));
  if (bytes <= SERVER_FRAME_BYTES && text !== null) return { ok: true, message };
  return {
    ok: false,
    code: 'ASSIGNMENT_TOO_LARGE',
    reason: `Document, input and journal together are ${bytes} bytes, which is more than an agent can be sent: give the job less input, or fewer steps.`,
  };
}

/** As members of a message. */
type GivenSecrets = Pick<JobAssign, 'secrets' | 'secretRules' | 'sealedSecrets' | 'localSecrets'>;

/**
 * The secrets that the workflow declares: values, and the names that the agent is to look for on its premises. A store that
 * cannot be read is an answer too: neither job nor agent may hang on it.
 * @throws Fault of a store that may be read again soon
 */
export async function secretsOf(
  secrets: SecretsPort,
  { tenant, jobId, attempt, agentId, requestedBy }: SecretUse,
  workflow: RunnableWorkflow,
): Promise<{ ok: true; given: GivenSecrets } | { ok: false; code: string; reason: string }> {
  try {
    const use = { tenant, jobId, attempt, agentId, requestedBy };
    const { values, rules, missing, sealed = {} } = await secrets.secretsFor(use, workflow.analysis.secrets);
    return {
      ok: true,
      given: {
        secrets: values,
        ...(Object.keys(rules).length === 0 ? {} : { secretRules: rules }),
        ...(Object.keys(sealed).length === 0 ? {} : { sealedSecrets: sealed }),
        ...(missing.length === 0 ? {} : { localSecrets: [...missing] }),
      },
    };
  } catch (error) {
    // It waits, as a lease that its agent has not accepted: the sweep builds it again.
    if (error instanceof Fault && PASSING.has(error.code)) throw error;
    if (error instanceof Fault) return { ok: false, code: error.code, reason: error.message };
    throw error;
  }
}
