/**
 * One task, whatever its kind, in the order of the specification (dsl.md, "Data Flow"): `if` on the raw input, input
 * schema, `input.from`, the task itself, `output.as`, output schema, `export.as`, export schema. Every failure on the
 * way is the task's failure, recorded once and thrown on with the place it came from.
 */
import type { Json, Task, TaskEntry } from '@casare/shared/workflow';
import { classify, nearerRules } from '@casare/shared/workflow';
import { isAlwaysEntered } from './barrier.ts';
import { checkData } from './data-schema.ts';
import { isFinal, timeoutOf, withDeadline } from './deadline.ts';
import { asFault, fault, WorkflowFault } from './errors.ts';
import { definitionOf, evaluatorOver, taskVariables } from './evaluate.ts';
import type { Frame, Outcome, Raw, Scope } from './frame.ts';
import { runHandler } from './handlers.ts';
import { recordable } from './recorder.ts';
import { CONTROL_FACTS, openRecord } from './step-record.ts';

/** Tasks one run may enter. */
const TASKS_PER_RUN = 1_000_000;
/** How deep tasks may stand in each other. */
const DEPTH = 100;
/** The longest position that can be recorded. */
const POSITION_LENGTH = 3_000;

/** Runs one task at a position; see `TaskRunner.one`. */
export async function runTask(
  entry: TaskEntry,
  position: string,
  rawInput: Json,
  scope: Scope,
): Promise<Outcome & { readonly then?: string }> {
  scope.signal.throwIfAborted();
  const { run } = scope;
  const paused = run.pause.pass(scope.signal);
  if (paused !== null) await paused;
  const { kind } = classify(entry.task);
  const record = openRecord(run, { path: entry.path, position, name: entry.name, task: kind });
  try {
    checkBounds(scope, position);
    const frame = frameOf(entry, position, rawInput, scope, record);
    if (!(await isWanted(frame))) {
      await run.recorder.note({
        type: 'step.skipped',
        path: entry.path,
        position,
        name: entry.name.slice(0, 200),
      });
      return { output: rawInput, ended: false };
    }
    // A call records its start itself, once it knows its arguments.
    if (kind !== 'call') await record.started(CONTROL_FACTS);
    const input = await transformInput(frame);
    return await finish({ ...frame, input });
  } catch (thrown) {
    if (isFinal(thrown)) throw thrown;
    const failure = asFault(thrown).at(entry.path);
    await record.failed(failure, failure.doubt?.position !== position);
    throw failure;
  }
}

async function finish(frame: Frame): Promise<Outcome & { readonly then?: string }> {
  const raw = await perform(frame);
  try {
    return await conclude(frame, raw);
  } catch (thrown) {
    if (raw.acted === undefined || isFinal(thrown)) throw thrown;
    // The step has acted and its output is of no use: a retry must not act again unasked.
    throw new WorkflowFault(asFault(thrown).error, raw.acted);
  }
}

/** What comes after the task itself: output, export, record. */
async function conclude(frame: Frame, raw: Raw): Promise<Outcome & { readonly then?: string }> {
  const output = raw.settled === true ? raw.output : await transformOutput(frame, raw.output);
  const context = await exportContext(frame, output);
  if (raw.settled !== true) {
    await frame.record.completed(recordable(output, `The output of ${frame.name}`), context);
  }
  if (context !== undefined) frame.run.context = context;
  const then = raw.then ?? frame.task.then;
  const barrier = raw.barrier === true && isAlwaysEntered(frame.task);
  return { output, ended: raw.ended === true, barrier, ...(then === undefined ? {} : { then }) };
}

/** The handler under the task's timeout; a call keeps its own, because its step is told how long it has. */
async function perform(frame: Frame): Promise<Raw> {
  const { run, task, path } = frame;
  if (classify(task).kind === 'call') return runHandler(frame);
  const ms = await timeoutOf(task.timeout, run, definitionOf(frame));
  if (ms === null) return runHandler(frame);
  return withDeadline(run.options.clock, frame.signal, { ms, path }, (signal) => runHandler({ ...frame, signal }));
}

function frameOf(entry: TaskEntry, position: string, rawInput: Json, scope: Scope, record: Frame['record']): Frame {
  const rpa = entry.task.metadata?.rpa;
  return {
    ...scope,
    onRestart: rpa?.onRestart ?? scope.onRestart,
    verify: rpa?.verify ?? scope.verify,
    evidence: nearerRules(scope.evidence, rpa?.record),
    depth: scope.depth + 1,
    name: entry.name,
    task: entry.task,
    path: entry.path,
    position,
    rawInput,
    input: rawInput,
    startedAt: scope.run.journal.startOf(position) ?? scope.run.options.clock.now(),
    record,
  };
}

function checkBounds({ run, depth }: Scope, position: string): void {
  run.budget.entered += 1;
  const title =
    run.budget.entered > TASKS_PER_RUN
      ? `A run may enter ${TASKS_PER_RUN} tasks and this one has`
      : depth >= DEPTH
        ? `Tasks may stand ${DEPTH} deep in each other and this one stands deeper`
        : position.length > POSITION_LENGTH
          ? `The position of a task may have ${POSITION_LENGTH} characters and this one has more`
          : null;
  if (title !== null) throw fault('runtime', { code: 'RUN_TOO_LARGE', title });
}

async function isWanted(frame: Frame): Promise<boolean> {
  const { run, task, rawInput } = frame;
  return task.if === undefined || evaluatorOver(run, rawInput, () => taskVariables(frame)).condition(task.if);
}

async function transformInput(frame: Frame): Promise<Json> {
  const { run, task, rawInput, name } = frame;
  const definition: Task['input'] = task.input;
  checkData(definition?.schema, rawInput, `The input of ${name}`);
  if (definition?.from === undefined) return rawInput;
  const variables = () => ({ ...taskVariables(frame), secrets: run.secrets });
  return evaluatorOver(run, rawInput, variables).transformation(definition.from);
}

async function transformOutput(frame: Frame, raw: Json): Promise<Json> {
  const { run, task, input, name } = frame;
  const variables = () => ({ ...taskVariables(frame, raw), input });
  const output =
    task.output?.as === undefined ? raw : await evaluatorOver(run, raw, variables).transformation(task.output.as);
  checkData(task.output?.schema, output, `The output of ${name}`);
  return output;
}

async function exportContext(frame: Frame, output: Json): Promise<Json | undefined> {
  const { run, task, input, name } = frame;
  if (task.export === undefined) return undefined;
  const variables = () => ({ ...taskVariables(frame, output), input, output });
  const context =
    task.export.as === undefined
      ? run.context
      : await evaluatorOver(run, output, variables).transformation(task.export.as);
  checkData(task.export.schema, context, `The context that ${name} exports`);
  return recordable(context, `The context that ${name} exports`);
}
