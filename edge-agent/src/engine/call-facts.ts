/** What the record of a call's start says of its arguments. */
import { hash } from 'node:crypto';
import type { RunEventBody } from '@casare/shared/protocol';
import type { Json } from '@casare/shared/workflow';
import { readable } from './readable.ts';
import { eventJson } from './recorder.ts';
import type { SecretVault } from './secrets.ts';
import type { Step } from './steps.ts';

/** What the recorded start of a step says besides where it is. */
export type StartFacts = Pick<
  Extract<RunEventBody, { type: 'step.started' }>,
  'effect' | 'onRestart' | 'call' | 'inputDigest' | 'input'
>;

export interface CallFacts {
  readonly inputDigest: string;
  readonly input: Exclude<StartFacts['input'], undefined>;
}

/** A call made ready before its turn (`ready-call.ts`). */
export interface ReadyCall {
  readonly facts: CallFacts;
  /** As the declaration parsed them. */
  readonly args: unknown;
}

export function factsOf(step: Step, args: Json, vault: SecretVault): CallFacts {
  return { inputDigest: digestOf(step, args), input: eventJson(readable(vault.named(args))) };
}

/** SHA-256 of the call and its arguments, handles in place of secrets, members in the order of their names. */
function digestOf(step: Step, args: Json): string {
  const { name, version } = step.declaration;
  return hash('sha256', canonical({ call: `${name}:${version}`, with: args }));
}

function canonical(value: Json): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(canonical).join(',')}]`;
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join(',')}}`;
}
