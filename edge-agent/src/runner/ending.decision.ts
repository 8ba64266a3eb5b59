/**
 * Which ending the supervisor writes when the worker cannot: it was killed, it crashed too often, or its files were
 * refused. A step that must not be repeated and has no certain end always means a person is asked.
 */
import type { RunEvent, RunEventBody } from '@casare/shared/protocol';
import type { ArtifactRow } from '../outbox/index.ts';

/** What a person reads of it at the job. */
const QUOTA_USED_UP =
  ": the tenant's storage is used up; free some by a shorter retention, or ask an operator of the platform for more, and retry";

type Ending = Extract<RunEventBody, { type: 'run.failed' | 'run.timed_out' | 'run.cancelled' | 'run.suspended' }>;

const TIMEOUT_ERROR = 'https://open-workflow-specification.org/spec/1.0.0/errors/timeout';
const RUNTIME_ERROR = 'https://open-workflow-specification.org/spec/1.0.0/errors/runtime';

/** Position of a started step that must not be repeated and whose outcome is unknown, or null. */
export function stepInDoubt(journal: readonly RunEvent[]): string | null {
  const open = new Set<string>();
  for (const { body } of journal) {
    if (body.type === 'step.started' && body.onRestart === 'suspend') open.add(body.position);
    if (body.type === 'step.completed') open.delete(body.position);
    if (body.type === 'step.failed' && body.certain) open.delete(body.position);
  }
  return open.values().next().value ?? null;
}

/** The ending of a run whose worker was killed because it was cancelled. */
export function endingOfCancelled(journal: readonly RunEvent[], reason: string): Ending {
  const position = stepInDoubt(journal);
  if (position !== null) return suspended(position, `cancelled (${reason}) while this step was acting`);
  return { type: 'run.cancelled', reason: reason.slice(0, 1_000) };
}

/** The ending of a run whose time was over and whose worker was killed for it. */
export function endingOfTimedOut(journal: readonly RunEvent[], of: 'job' | 'attempt'): Ending {
  const position = stepInDoubt(journal);
  if (position !== null) return suspended(position, `the time of the ${of} was over while this step was acting`);
  const [code, title] = [of === 'job' ? 'JOB_TIMEOUT' : 'ATTEMPT_TIMEOUT', `The time of the ${of} is over`];
  return { type: 'run.timed_out', error: { type: TIMEOUT_ERROR, status: 408, title, code } };
}

/** The ending of a run that cannot go on: `code` and `detail` say why. */
export function endingOfBroken(journal: readonly RunEvent[], code: string, detail: string): Ending {
  const position = stepInDoubt(journal);
  if (position !== null) return suspended(position, `${code}: ${detail}; this step may have acted`);
  return failed(code, detail);
}

/** The failure that replaces a success whose declared outputs could not be stored; null when none was refused. */
export function endingOfRefused(artifacts: readonly ArtifactRow[]): Ending | null {
  const lost = artifacts.find((artifact) => artifact.kind === 'output' && artifact.state === 'refused');
  if (lost === undefined) return null;
  const why = lost.code === 'QUOTA_STORED_BYTES' ? QUOTA_USED_UP : '';
  return failed(lost.code ?? 'ARTIFACT_REFUSED', `the output ${lost.name} could not be stored${why}`);
}

/** What still holds an ending back: success waits for its outputs, every ending waits a while for its evidence. */
export function mayLeave(ending: string, artifacts: readonly ArtifactRow[], evidenceOverdue: boolean): boolean {
  return artifacts.every((artifact) => {
    if (artifact.state !== 'queued') return true;
    return artifact.kind === 'output' && ending === 'run.completed' ? false : evidenceOverdue;
  });
}

function failed(code: string, detail: string): Ending {
  const error = { type: RUNTIME_ERROR, status: 500, title: 'The run could not go on', detail, code };
  return { type: 'run.failed', error };
}

function suspended(position: string, reason: string): Ending {
  return { type: 'run.suspended', position, reason: reason.slice(0, 4_000) };
}
