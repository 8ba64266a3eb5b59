/**
 * Events as they leave the agent under the policy's `upload`: `stepData` holds back what steps were called with, gave and
 * saw, `log` the lines of the log. The outbox keeps everything until the control plane has acknowledged it, so that a dead
 * worker is replaced on this agent as ever. What a run was asked for, its output, always leaves.
 */
import { createHash } from 'node:crypto';
import type { RunEvent, RunEventBody, WorkflowError } from '@casare/shared/protocol';
import type { Policy } from './policy-file.ts';

const WITHHELD = "withheld by the agent's policy";
type Rule = 'none' | 'metadata' | 'all';
type Withheld = NonNullable<Extract<RunEventBody, { type: 'step.completed' }>['withheld']>;

/** What leaves in place of an event. */
export function withhold(policy: Policy, event: RunEvent): RunEvent {
  const { stepData = 'all', log = 'all' } = policy.upload ?? {};
  return stepData === 'all' && log === 'all' ? event : { ...event, body: bodyOf(event.body, stepData, log) };
}

function bodyOf(body: RunEventBody, stepData: Rule, log: Rule): RunEventBody {
  if (body.type === 'run.log') return log === 'all' ? body : { ...body, message: lineOf(body.message, log) };
  if (stepData === 'all') return body;
  switch (body.type) {
    case 'step.started': {
      const { input: _, ...rest } = body;
      return rest;
    }
    case 'step.completed': {
      const { context: _, seen: __, ...rest } = body;
      return { ...rest, output: null, withheld: withheldOf(body.output, stepData) };
    }
    case 'step.failed': {
      const { context: _, seen: __, ...rest } = body;
      return { ...rest, error: withoutDetail(body.error) };
    }
    case 'run.failed':
    case 'run.timed_out':
      return { ...body, error: withoutDetail(body.error) };
    case 'run.suspended':
      return { ...body, reason: `Why the run cannot go on is ${WITHHELD}: look at the step where it stands.` };
    default:
      return body;
  }
}

/** Digest and size of an output say whether it changed, and hardly what it was. */
function withheldOf(output: unknown, rule: Rule): Withheld {
  if (rule === 'none') return {};
  const text = JSON.stringify(output);
  return { bytes: Buffer.byteLength(text), sha256: createHash('sha256').update(text).digest('hex') };
}

/** What happened, by code and title; the detail quotes what was seen. */
function withoutDetail({ detail: _, ...error }: WorkflowError): WorkflowError {
  return error;
}

function lineOf(message: string, rule: Rule): string {
  return rule === 'none' ? WITHHELD : `${message.length} characters, ${WITHHELD}`;
}
