/**
 * `call`: a step of the catalogue, or a function of the document. A step is recorded as started, with a digest of its
 * arguments, before it acts; on restart `replay.ts` decides whether it is called again.
 */
import {
  type CallTask,
  FILE_CALL_TIMEOUT_MS,
  type FunctionCallTask,
  type Json,
  restartOf,
  restartRuleOf,
  type Verify,
} from '@casare/shared/workflow';
import { isBarrier } from './barrier.ts';
import { type CallFacts, factsOf, type ReadyCall } from './call-facts.ts';
import { callStep, parseArguments, type PreparedCall } from './call-step.ts';
import { timeoutOf } from './deadline.ts';
import { fault, RunSuspended, WorkflowFault } from './errors.ts';
import { definitionOf } from './evaluate.ts';
import type { Frame, Raw, Scope, TaskHandler } from './frame.ts';
import { httpArguments } from './http-arguments.ts';
import { readyCall } from './ready-call.ts';
import { decideCall } from './replay.ts';
import { guardSecrets } from './secret-guard.ts';
import { CONTROL_FACTS } from './step-record.ts';
import { type Step, usesSession } from './steps.ts';
import { fileOf } from './stored-file.ts';

export const runCall: TaskHandler<CallTask> = async (task, frame) => {
  const ready = readyCall(task, frame.run);
  const args = ready === null ? await argumentsOf(task, frame) : ((task.with ?? {}) as Json);
  const own = frame.run.options.document.use?.functions?.[task.call];
  if (own !== undefined) return callFunction(task, args, frame);
  const step = frame.run.options.steps.find(task.call);
  if (step === null) {
    throw fault('configuration', {
      code: 'STEP_UNKNOWN',
      title: `This agent has no step ${task.call}`,
      detail: 'Check the name and the version, or update the agent.',
    });
  }
  const call = await prepare(step, task, args, frame, ready);
  const about = ready?.facts ?? factsOf(step, args, frame.run.vault);
  const recorded = frame.run.journal.at(frame.position);
  const decision = decideCall({
    recorded,
    digest: about.inputDigest,
    effect: call.effect,
    rule: call.rule,
    usesSession: usesSession(step.declaration),
    file:
      recorded.state === 'completed' ? await fileOf(recorded.output, saveAsOf(step, args), frame.run.options) : 'none',
  });
  switch (decision.do) {
    case 'run':
      return perform(call, about, frame);
    case 'reuse':
      return { output: decision.output, settled: true };
    case 'fail':
      throw new WorkflowFault(decision.error);
    case 'suspend':
      throw new RunSuspended(frame.position, suspension(step, frame, decision.why));
    case 'probe':
      if (!(await hasHappened(step, frame))) return perform(call, about, frame);
      await frame.record.completed(decision.output);
      return { output: decision.output, settled: true };
  }
};

async function argumentsOf(task: CallTask, frame: Frame): Promise<Json> {
  const args = await definitionOf(frame).template((task.with ?? {}) as Json);
  return isOfStandard(task) ? httpArguments(args, frame) : args;
}

/** Records the start, calls, and leaves the record of the outcome to the task; a cancelled run's it writes itself. */
async function perform(call: PreparedCall, about: CallFacts, frame: Frame): Promise<Raw> {
  const { name, version } = call.step.declaration;
  const covered = frame.covered && usesSession(call.step.declaration);
  const facts = { effect: call.effect, onRestart: call.rule, call: `${name}:${version}`, ...about };
  await frame.record.started(facts, covered);
  if (frame.signal.aborted) {
    // Waiting for the lease took too long. That nothing was done is worth recording: no doubt remains.
    const title = 'The step was stopped before it acted';
    await frame.record.failed(fault('runtime', { code: 'STOPPED_BEFORE_ACTING', title, instance: frame.path }), true);
    frame.signal.throwIfAborted();
  }
  const result = await callStep(call, frame);
  if (result.fate === 'done') {
    const acted = { position: frame.position, call: name, rule: call.rule };
    const barrier = !frame.covered && isBarrier(call.step.declaration, call.rule);
    return { output: result.output, barrier, ...(call.effect === 'idempotent' ? {} : { acted }) };
  }
  if (result.fate === 'failed') {
    if (!isCancelled(frame)) throw result.fault;
    await frame.record.failed(result.fault.at(frame.path), result.certain);
  }
  throw frame.signal.reason;
}

async function prepare(
  step: Step,
  task: CallTask,
  args: Json,
  frame: Frame,
  ready: ReadyCall | null,
): Promise<PreparedCall> {
  const { declaration } = step;
  // What the standard calls has its effect from the request's method, as the control plane sees it too.
  const { document } = frame.run.options;
  const declared = isOfStandard(task) ? restartOf(document, task, []).effect : declaration.effect;
  const effect = task.metadata?.rpa?.effect ?? declared;
  // The task's own rule, else the nearest around it, else the document's, else what the effect implies.
  const rule = frame.onRestart ?? documentRule(frame) ?? restartRuleOf(effect);
  const timeoutMs = await timeoutOf(task.timeout, frame.run, definitionOf(frame));
  return {
    step,
    ...(ready === null
      ? { ...secretsIn(step, args, frame), args: parseArguments(step, args, frame) }
      : { usesSecret: false, checkAddress: undefined, args: ready.args }),
    effect,
    rule,
    timeoutMs: timeoutMs ?? (hasFiles(task) ? FILE_CALL_TIMEOUT_MS : declaration.defaultTimeoutMs),
  };
}

/** What the secrets in the arguments mean for the call. @throws {WorkflowFault} authorization error 403 */
function secretsIn(step: Step, args: Json, frame: Frame): Pick<PreparedCall, 'usesSecret' | 'checkAddress'> {
  const used = frame.run.vault.usedIn(args);
  return { usesSecret: used.length > 0, checkAddress: guardSecrets(step, used, frame.run.options.secretRules) };
}

/**
 * A function of the document: its task, with the arguments as input where there are any. Only the document is around
 * it: restart rules, rules of evidence and variables of the place it is called from do not reach into it.
 */
async function callFunction(task: CallTask, args: Json, frame: Frame): Promise<Raw> {
  const definition = frame.run.options.document.use?.functions?.[task.call];
  if (definition === undefined) throw new TypeError(`no function ${task.call}`);
  await frame.record.started(CONTROL_FACTS);
  const input = (task as FunctionCallTask).with === undefined ? frame.input : args;
  const path = `/use/functions/${task.call.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  const entry = { name: task.call, task: definition, path, index: 0 };
  const scope: Scope = { ...frame, variables: {}, onRestart: undefined, verify: undefined, evidence: {} };
  const { output } = await frame.run.tasks.one(entry, `${frame.position}/call`, input, scope);
  return { output };
}

/**
 * Asks the read-only probe of `metadata.rpa.verify` whether the step has happened.
 * @throws {RunSuspended} when there is no probe or it gives no answer
 */
async function hasHappened(step: Step, frame: Frame): Promise<boolean> {
  const { verify } = frame;
  if (verify === undefined) throw doubtful(step, frame, 'it has no `metadata.rpa.verify` to find out');
  const family = step.declaration.name.split('.')[0] ?? '';
  const probe = frame.run.options.steps.find(`${family}.exists`);
  if (probe === null) throw doubtful(step, frame, `this agent has no step ${family}.exists to find out`);
  const args: Json = { target: await definitionOf(frame).template(targetOf(verify)) };
  const call: PreparedCall = {
    step: probe,
    ...secretsIn(probe, args, frame),
    args: parseArguments(probe, args, frame),
    effect: 'idempotent',
    rule: 'rerun',
    timeoutMs: probe.declaration.defaultTimeoutMs,
  };
  const result = await callStep(call, frame);
  frame.signal.throwIfAborted();
  if (result.fate !== 'done') {
    throw doubtful(step, frame, `the probe failed (${result.fate === 'failed' ? result.fault.message : 'no answer'})`);
  }
  return (result.output === true) === 'exists' in verify;
}

function targetOf(verify: Verify): Json {
  return 'exists' in verify ? verify.exists : verify.gone;
}

function doubtful(step: Step, frame: Frame, why: string): RunSuspended {
  return new RunSuspended(frame.position, suspension(step, frame, `its outcome is in doubt and ${why}`));
}

function suspension(step: Step, frame: Frame, why: string): string {
  return `${frame.name} (${step.declaration.name}) must not simply be repeated: ${why}. Look at the system and decide.`;
}

/** `call: http` and `call: openapi`: not of the catalogue. */
function isOfStandard(task: CallTask): boolean {
  return task.call === 'http' || task.call === 'openapi';
}

/** The name of the file that a call without a session stores; a session's are made with it, or known by their output. */
function saveAsOf({ declaration }: Step, args: Json): string | null {
  if (usesSession(declaration)) return null;
  // Of `with`, or of the files beside it.
  const { saveAs, files } = args as { readonly saveAs?: Json; readonly files?: { readonly saveAs?: Json } | null };
  const name = saveAs ?? files?.saveAs;
  return typeof name === 'string' ? name : null;
}

/** It sends or stores files of the run. */
function hasFiles(task: CallTask): boolean {
  const rpa = task.metadata?.rpa ?? {};
  return isOfStandard(task) && ['saveAs', 'bodyFrom', 'formFiles'].some((name) => name in rpa);
}

function documentRule(frame: Frame): Frame['onRestart'] {
  return frame.run.options.document.document.metadata?.rpa?.onRestart;
}

function isCancelled(frame: Frame): boolean {
  return frame.signal.aborted && !(frame.signal.reason instanceof WorkflowFault);
}
