/**
 * One call of an executor: arguments revealed and parsed, a deadline, the outcome parsed and scrubbed. Nothing is
 * recorded here.
 *
 * A step that does not settle after its signal aborted is left behind after a grace period: it cannot hold up the run.
 */
import { type Effect, type OnRestart, OUTPUT_BYTES } from '@casare/shared/protocol';
import { evidenceRulesOf, type Json } from '@casare/shared/workflow';
import { timeoutFault } from './deadline.ts';
import { errorOfStep, fault, RunCancelled, StepFailure, standardType, WorkflowFault } from './errors.ts';
import type { Frame } from './frame.ts';
import { recordable, scrubError } from './recorder.ts';
import type { AddressCheck } from './secret-guard.ts';
import type { Step, StepContext } from './steps.ts';

const GRACE_MS = 5_000;
const SHOWN_PROBLEMS = 5;
/** Largest output of a step that `output.as` makes smaller, bytes of JSON. */
const RAW_OUTPUT_BYTES = 8_388_608;

/** A call ready to be made: everything is known but the outcome. */
export interface PreparedCall {
  readonly step: Step;
  /** Parsed by the declaration, secrets in the clear: never recorded. */
  readonly args: unknown;
  /** True when a secret's value stands in `args`. */
  readonly usesSecret: boolean;
  /** Where its secrets may not go everywhere. */
  readonly checkAddress: AddressCheck | undefined;
  readonly effect: Effect;
  readonly rule: OnRestart;
  readonly timeoutMs: number;
}

/** How a call ended. `fate` is `stopped` when the run was cancelled meanwhile; then there may be no outcome at all. */
export type CallResult =
  | { readonly fate: 'done'; readonly output: Json }
  | { readonly fate: 'failed'; readonly fault: WorkflowFault; readonly certain: boolean }
  | { readonly fate: 'unknown' };

/**
 * Parses arguments that hold handles; the error names members, never values.
 * @throws {WorkflowFault} validation error 400
 */
export function parseArguments(step: Step, args: Json, frame: Frame): unknown {
  const { vault } = frame.run;
  const parsed = step.declaration.with.safeParse(vault.reveal(args));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues
    .slice(0, SHOWN_PROBLEMS)
    .map(({ path, message }) => `${path.length === 0 ? 'with' : `with.${path.join('.')}`}: ${message}`);
  throw fault('validation', {
    code: 'STEP_ARGUMENTS_INVALID',
    title: `The arguments of ${step.declaration.name} are not valid`,
    detail: vault.scrub(problems.join('; ')),
  });
}

/** Calls the step and waits for it, at most until its deadline and the grace after it. */
export async function callStep(call: PreparedCall, frame: Frame): Promise<CallResult> {
  const { clock } = frame.run.options;
  const expired = new AbortController();
  const clear = clock.deadline(call.timeoutMs, () => expired.abort(timeoutFault(frame.path, call.timeoutMs)));
  const signal = AbortSignal.any([frame.signal, expired.signal]);
  const grace = graceAfter(signal, frame);
  try {
    const settled = settle(() => call.step.run(call.args, contextOf(call, frame, signal)));
    const outcome = await Promise.race([settled, grace.over]);
    return judge(call, frame, signal, outcome);
  } finally {
    clear();
    grace.clear();
  }
}

type Settled =
  { readonly kind: 'value'; readonly value: unknown } | { readonly kind: 'thrown'; readonly thrown: unknown };

/** What the settled (or abandoned) promise means, given whether the step was told to stop and by whom. */
function judge(call: PreparedCall, frame: Frame, signal: AbortSignal, outcome: Settled | 'abandoned'): CallResult {
  const stoppedBy: unknown = signal.aborted ? signal.reason : null;
  const isCancelled = stoppedBy instanceof RunCancelled;
  if (outcome === 'abandoned') {
    return isCancelled ? { fate: 'unknown' } : failed(call, frame, stoppedBy as WorkflowFault, false);
  }
  if (outcome.kind === 'value') {
    if (stoppedBy !== null && !isCancelled) return failed(call, frame, stoppedBy as WorkflowFault, false);
    return parseOutput(call, frame, outcome.value);
  }
  const { thrown } = outcome;
  const certain = thrown instanceof StepFailure && thrown.certain;
  const own = new WorkflowFault(scrubError(errorOfStep(thrown), frame.run.vault));
  // A step that noticed its deadline by itself knows more about it than the engine.
  const stopped = stoppedBy instanceof WorkflowFault && own.error.type !== standardType('timeout');
  return failed(call, frame, stopped ? stoppedBy : own, certain);
}

function parseOutput(call: PreparedCall, frame: Frame, value: unknown): CallResult {
  const { name, output } = call.step.declaration;
  const parsed = output.safeParse(value);
  if (!parsed.success) {
    const title = `${name} returned something that it does not declare`;
    const detail = parsed.error.issues.map(({ message }) => message).join('; ');
    return failed(call, frame, fault('runtime', { code: 'STEP_OUTPUT_INVALID', title, detail }), false);
  }
  try {
    const clean = frame.run.vault.scrub((parsed.data ?? null) as Json);
    // What `output.as` keeps of it is recorded, not the whole.
    const allowed = frame.task.output?.as === undefined ? OUTPUT_BYTES : RAW_OUTPUT_BYTES;
    return { fate: 'done', output: recordable(clean, `The output of ${name}`, allowed) };
  } catch (thrown) {
    return failed(call, frame, thrown as WorkflowFault, false);
  }
}

function failed(call: PreparedCall, frame: Frame, error: WorkflowFault, isCertain: boolean): CallResult {
  const certain = isCertain || call.effect === 'idempotent';
  const doubt = certain ? null : { position: frame.position, call: call.step.declaration.name, rule: call.rule };
  return { fate: 'failed', fault: new WorkflowFault(error.error, doubt), certain };
}

function contextOf(call: PreparedCall, frame: Frame, signal: AbortSignal): StepContext {
  const { options, recorder, session, vault } = frame.run;
  return {
    signal,
    timeoutMs: call.timeoutMs,
    runFolder: options.runFolder,
    ...(options.artifacts === undefined ? {} : { earlierFiles: options.artifacts }),
    position: frame.position,
    usesSecret: call.usesSecret,
    checkSecretAddress: call.checkAddress,
    holdsSecret: (text) => vault.scrub<string>(text) !== text,
    policy: options.policy,
    evidence: evidenceRulesOf(options.document, frame.evidence),
    session,
    see: (seen) => frame.record.see(seen),
    artifact: (file, about) =>
      options.artifact(file, { ...about, name: vault.scrub(about.name), position: frame.position }),
    log: async (level, message) => {
      options.log(level, vault.scrub(message));
      await recorder.log(level, message);
    },
  };
}

async function settle(run: () => Promise<unknown>): Promise<Settled> {
  try {
    return { kind: 'value', value: await run() };
  } catch (thrown) {
    return { kind: 'thrown', thrown };
  }
}

/** Resolves a grace period after the signal aborts. */
function graceAfter(signal: AbortSignal, frame: Frame): { over: Promise<'abandoned'>; clear: () => void } {
  const { clock, graceMs } = frame.run.options;
  let clear = () => {};
  const over = new Promise<'abandoned'>((resolve) => {
    const begin = () => {
      const cancel = clock.deadline(graceMs ?? GRACE_MS, () => resolve('abandoned'));
      clear = cancel;
    };
    if (signal.aborted) return begin();
    signal.addEventListener('abort', begin, { once: true });
    clear = () => signal.removeEventListener('abort', begin);
  });
  return { over, clear: () => clear() };
}
