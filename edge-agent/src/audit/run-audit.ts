/** What the audit log says of runs: what was accepted, for whom and under which policy; what was refused; how it ended. */
import { createHash } from 'node:crypto';
import { workflowDigest } from '@casare/certs';
import type { JobAssign, RunEvent } from '@casare/shared/protocol';
import { allTasks, classify, subWorkflowsOf, type Workflow } from '@casare/shared/workflow';
import type { PolicyGate } from '../policy/index.ts';
import { signedBy, stepName } from '../policy/index.ts';
import type { AuditLog } from './audit-log.ts';

/** Steps that an entry names. */
const STEPS = 200;

interface Key {
  readonly jobId: string;
  readonly attempt: number;
}
type Assigned = Pick<JobAssign, 'jobId' | 'attempt' | 'generation' | 'workflow' | 'input' | 'requestedBy'>;

export interface RunAuditOptions {
  readonly log: Pick<AuditLog, 'add'>;
  readonly policy: Pick<PolicyGate, 'held'>;
  /** Events of a run, oldest first. */
  readonly journal: (key: Key) => readonly RunEvent[];
}

export class RunAudit {
  readonly #options: RunAuditOptions;

  constructor(options: RunAuditOptions) {
    this.#options = options;
  }

  /** Before it is begun. */
  accepted(run: Assigned): void {
    this.#add('run.accepted', run, run.requestedBy, {
      ...this.#about(run),
      generation: run.generation,
      document: digestOf(run),
      inputSha256: createHash('sha256').update(JSON.stringify(run.input)).digest('hex'),
      signedBy: signedBy(this.#options.policy.held.policy, run.workflow),
      steps: stepsOf(run),
    });
  }

  refused(run: Assigned, { code, reason }: { readonly code: string; readonly reason: string }): void {
    this.#add('run.refused', run, run.requestedBy, { ...this.#about(run), code, reason: reason.slice(0, 1_000) });
  }

  /** Its last event is written. */
  ended(key: Key): void {
    const body = this.#options.journal(key).at(-1)?.body;
    if (body === undefined) return;
    const code = 'error' in body ? body.error.code : undefined;
    this.#add('run.ended', key, 'agent', { ending: body.type, ...(code === undefined ? {} : { code }) });
  }

  /** People had it stand still between its steps, or go on. */
  paused(key: Key, isPaused: boolean): void {
    this.#add(isPaused ? 'run.paused' : 'run.resumed', key, 'control plane', {});
  }

  /** The control plane took the right to it away. */
  dropped(key: Key, reason: string): void {
    this.#add('run.dropped', key, 'agent', { reason: reason.slice(0, 1_000) });
  }

  #about({ workflow }: Assigned): Record<string, unknown> {
    const { namespace, name, version } = workflow;
    return { workflow: `${namespace}/${name}@${version}`.slice(0, 300), policy: this.#options.policy.held.digest };
  }

  #add(action: string, { jobId, attempt }: Key, actor: string | undefined, detail: Record<string, unknown>): void {
    this.#options.log.add({ action, actor: actor ?? 'unknown', subject: `job:${jobId}/${attempt}`, detail });
  }
}

/** Of what was sent, not what the control plane says of it. */
function digestOf({ workflow }: Assigned): string | null {
  try {
    return workflowDigest(workflow.document as unknown as Workflow);
  } catch {
    return null;
  }
}

/** The steps that its documents call, without doubles. */
function stepsOf({ workflow }: Assigned): string[] {
  try {
    const document = workflow.document as unknown as Workflow;
    const names = [document, ...Object.values(subWorkflowsOf(document))].flatMap((each) =>
      [...allTasks(each)].flatMap(({ task }) => {
        const classified = classify(task);
        return classified.kind === 'call' ? [stepName(classified.task.call).slice(0, 100)] : [];
      }),
    );
    return [...new Set(names)].slice(0, STEPS);
  } catch {
    return [];
  }
}
