/**
 * Which recorded failures a retried job tries again. The control plane gives a job that failed another attempt with the
 * journal of the failed one: what was completed is reused, what failed and was caught fails again, so that control flow
 * takes the same way; only what ended the run is forgotten.
 */
import type { RunEvent, WorkflowError } from '@casare/shared/protocol';

/**
 * Positions of the step whose error ended the run and of the tasks around it that failed by it, outermost first.
 * @param events up to the ending, oldest first
 */
export function failureChain(events: readonly RunEvent[], error: WorkflowError): string[] {
  const chain: string[] = [];
  for (const { body } of events.toReversed()) {
    const innermost = chain.at(-1);
    // Nothing before the start of a step happened inside it.
    if (body.type === 'step.started' && body.position === innermost) break;
    if (body.type !== 'step.failed' || !body.certain || !sameError(body.error, error)) continue;
    if (innermost === undefined || body.position.startsWith(innermost)) chain.push(body.position);
  }
  return chain;
}

function sameError(one: WorkflowError, other: WorkflowError): boolean {
  const members = ['type', 'status', 'title', 'detail', 'code'] as const;
  return members.every((member) => one[member] === other[member]);
}
