/**
 * `try`: tasks whose error may be caught. A caught error is retried while the policy and its limits allow it; after
 * that `catch.do` handles it. Without `catch.do`, an error whose retries are used up is thrown on, and one that was
 * never to be retried counts as handled: the task's input goes on.
 *
 * Never caught: a timeout or cancellation from around the task, and an error behind which an unsafe step may have
 * acted while its restart rule is `suspend` (workflow-language.md, "Safety of restarts").
 */
import type { Catch, Json, RetryPolicy, TryTask } from '@casare/shared/workflow';
import { isFinal, withDeadline } from './deadline.ts';
import { asFault, errorJson, fault, sameErrorType, WorkflowFault } from './errors.ts';
import { definitionOf, type Evaluator } from './evaluate.ts';
import type { Frame, Outcome, Raw, TaskHandler } from './frame.ts';
import { RETRIES_BY_DEFAULT, retryDelay, type RetryPlan } from './retry.ts';
import { CONTROL_FACTS, openRecord } from './step-record.ts';

export const runTry: TaskHandler<TryTask> = async (task, frame) => {
  const policy = policyOf(task.catch, frame);
  const before = frame.run.journal.lastFailedAttempt(frame.position);
  if (before !== null) frame.run.context = before.context;
  let attempt = before?.attempt ?? 1;
  let failure = before === null ? null : new WorkflowFault(before.error);
  for (;;) {
    if (failure === null) {
      const result = await attemptOnce(task, frame, policy, attempt);
      if (!(result instanceof WorkflowFault)) return result;
      failure = result;
    }
    const evaluator = definitionOf(frame, { [task.catch.as ?? 'error']: errorJson(failure.error) });
    if (!(await isCaught(task.catch, failure, evaluator))) throw failure;
    const delay = policy === null ? null : await delayOf(policy, attempt, frame, evaluator);
    if (delay === null) return handle(task.catch, failure, frame, policy !== null);
    const { options, pause } = frame.run;
    await pause.aside(() => options.clock.sleep(delay, frame.signal));
    attempt += 1;
    failure = null;
  }
};

/** One attempt: what it yields, or the fault that may be caught. */
async function attemptOnce(
  task: TryTask,
  frame: Frame,
  policy: RetryPolicy | null,
  attempt: number,
): Promise<Outcome | WorkflowFault> {
  const { run, path, name } = frame;
  const position = `${frame.position}{${attempt}}`;
  const record = openRecord(run, { path, position, name, task: 'try' });
  const place = { path: `${path}/try`, position: `${position}/try` };
  const work = (signal: AbortSignal) => run.tasks.list(task.try, place, frame.input, { ...frame, signal });
  if (policy !== null) await record.started(CONTROL_FACTS);
  try {
    const limit = policy?.limit?.attempt?.duration;
    const ms = limit === undefined ? null : await definitionOf(frame).duration(limit);
    const result = await (ms === null
      ? work(frame.signal)
      : withDeadline(run.options.clock, frame.signal, { ms, path }, work));
    if (policy !== null) await record.completed(result.output);
    return result;
  } catch (thrown) {
    if (isFinal(thrown) || frame.signal.aborted) throw thrown;
    const failure = asFault(thrown).at(path);
    if (failure.doubt?.rule === 'suspend') throw failure;
    await record.failed(failure, true, run.context);
    return failure;
  }
}

async function isCaught(clause: Catch, failure: WorkflowFault, evaluator: Evaluator): Promise<boolean> {
  const { type, ...rest } = clause.errors?.with ?? {};
  const wanted = (await evaluator.template(rest as Json)) as Readonly<Record<string, Json>>;
  const actual = errorJson(failure.error) as Readonly<Record<string, Json>>;
  if (type !== undefined && !sameErrorType(String(await evaluator.template(type)), failure.error.type)) return false;
  if (!Object.entries(wanted).every(([member, value]) => actual[member] === value)) return false;
  return allows(clause, evaluator);
}

/** `when` and `exceptWhen`, of a catch clause as of a retry policy. */
async function allows(
  clause: { readonly when?: string | undefined; readonly exceptWhen?: string | undefined },
  evaluator: Evaluator,
): Promise<boolean> {
  if (clause.when !== undefined && !(await evaluator.condition(clause.when))) return false;
  return clause.exceptWhen === undefined || !(await evaluator.condition(clause.exceptWhen));
}

async function handle(clause: Catch, failure: WorkflowFault, frame: Frame, wasRetried: boolean): Promise<Raw> {
  if (clause.do === undefined) {
    if (wasRetried) throw failure;
    return { output: frame.input, then: clause.then };
  }
  const place = { path: `${frame.path}/catch/do`, position: `${frame.position}/catch/do` };
  const variables = { ...frame.variables, [clause.as ?? 'error']: errorJson(failure.error) };
  const result = await frame.run.tasks.list(clause.do, place, frame.input, { ...frame, variables });
  return { ...result, then: clause.then };
}

function policyOf(clause: Catch, frame: Frame): RetryPolicy | null {
  const { retry } = clause;
  if (retry === undefined) return null;
  const policy = typeof retry === 'string' ? frame.run.options.document.use?.retries?.[retry] : retry;
  if (policy !== undefined) return policy;
  throw fault('configuration', {
    code: 'RETRY_UNKNOWN',
    title: `The document has no retry policy named ${String(retry)}`,
  });
}

async function delayOf(
  policy: RetryPolicy,
  attempt: number,
  frame: Frame,
  evaluator: Evaluator,
): Promise<number | null> {
  if (!(await allows(policy, evaluator))) return null;
  const { clock, random } = frame.run.options;
  const plan: RetryPlan = {
    delayMs: policy.delay === undefined ? 0 : await evaluator.duration(policy.delay),
    backoff: backoffOf(policy),
    jitter:
      policy.jitter === undefined
        ? null
        : {
            fromMs: await evaluator.duration(policy.jitter.from),
            toMs: await evaluator.duration(policy.jitter.to),
          },
    count: policy.limit?.attempt?.count ?? RETRIES_BY_DEFAULT,
    durationMs: policy.limit?.duration === undefined ? null : await evaluator.duration(policy.limit.duration),
  };
  return retryDelay(plan, attempt, clock.now() - frame.startedAt, (random ?? Math.random)());
}

function backoffOf(policy: RetryPolicy): RetryPlan['backoff'] {
  if (policy.backoff === undefined || 'constant' in policy.backoff) return 'constant';
  return 'linear' in policy.backoff ? 'linear' : 'exponential';
}
