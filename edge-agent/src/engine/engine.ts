/**
 * The workflow engine: one document, one run, from `run.started` to exactly one ending.
 *
 * Invariants: nothing acts before its start is recorded, but for what no restart reaches (`barrier.ts`), whose start is on its
 * way; the ending is the last event; whatever a document or a step
 * does, `runWorkflow` ends. It rejects only when an event could not be recorded, and then no ending was.
 */
import type { RunEventBody } from '@casare/shared/protocol';
import { runDocument, secretsOf, WHOLE } from './document-run.ts';
import { asFault, RunCancelled, RunSuspended, type WorkflowFault } from './errors.ts';
import type { Run, RunOptions, Scope } from './frame.ts';
import { PauseGate, PauseSwitch } from './pause.ts';
import { createRecorder, eventJson, RecordingFailed } from './recorder.ts';
import { readJournal } from './replay.ts';
import { createVault } from './secrets.ts';
import { runTask } from './task.ts';
import { runList } from './task-list.ts';

/** An event that ends a run. */
export type RunEndingBody = Extract<
  RunEventBody,
  { type: 'run.completed' | 'run.failed' | 'run.timed_out' | 'run.cancelled' | 'run.suspended' }
>;

/**
 * Runs a workflow to its end; resumes it when there is a journal.
 * @returns the ending, which has been recorded
 * @throws {RecordingFailed} when the agent did not take an event
 */
export async function runWorkflow(options: RunOptions): Promise<RunEndingBody> {
  const journal = readJournal(options.journal);
  const vault = createVault(options.secrets, journal.handles);
  const recorder = createRecorder(options.record, vault, options.ahead ?? 0);
  const run: Run = {
    options,
    tasks: { list: runList, one: runTask },
    journal,
    vault,
    recorder,
    pause: new PauseGate({
      wish: options.pause ?? new PauseSwitch(),
      paused: journal.paused,
      record: recorder.record,
    }),
    session: options.session ?? new Map<string, unknown>(),
    startedAt: journal.startedAt ?? options.clock.now(),
    whole: options.document,
    secrets: secretsOf(options.document, vault),
    context: null,
    ready: new WeakMap(),
    budget: { entered: 0 },
  };
  const { handles } = vault;
  await recorder.record({
    type: 'run.started',
    resumed: journal.resumed,
    ...(Object.keys(handles).length === 0 ? {} : { handles }),
  });
  for (const warning of vault.warnings) await recorder.log('warn', warning);
  await run.pause.begin();
  const ending = await endingOf(run);
  await run.pause.end();
  await recorder.record(ending);
  return ending;
}

async function endingOf(run: Run): Promise<RunEndingBody> {
  const cancel = cancellation(run.options.signal);
  try {
    const scope: Scope = {
      ...{ run, variables: {}, signal: cancel.signal, depth: 0 },
      ...{ onRestart: undefined, verify: undefined, evidence: {}, covered: false },
    };
    const output = await runDocument(scope, WHOLE);
    cancel.signal.throwIfAborted();
    return { type: 'run.completed', output: eventJson(output) };
  } catch (thrown) {
    if (thrown instanceof RecordingFailed) throw thrown;
    if (thrown instanceof RunCancelled) return { type: 'run.cancelled', reason: thrown.message };
    if (thrown instanceof RunSuspended) {
      return { type: 'run.suspended', position: thrown.position, reason: thrown.message };
    }
    return failureOf(asFault(thrown));
  } finally {
    cancel.release();
  }
}

/**
 * The ending of an error nobody caught. Behind it may stand a step that acted without anyone knowing: when its rule is
 * to ask before it is repeated, a person is asked, because a retry of the job would repeat it.
 */
function failureOf({ error, doubt }: WorkflowFault): RunEndingBody {
  if (doubt?.rule === 'suspend' || doubt?.rule === 'verify') {
    const why = `${error.title ?? error.type}${error.detail === undefined ? '' : `: ${error.detail}`}`;
    const reason = `${doubt.call} failed and may have acted all the same (${why}). Look at the system and decide.`;
    return { type: 'run.suspended', position: doubt.position, reason };
  }
  return { type: isOfWorkflow(error) ? 'run.timed_out' : 'run.failed', error };
}

/** Only the workflow's own deadline is an error of the document as a whole. */
function isOfWorkflow(error: WorkflowFault['error']): boolean {
  return error.code === 'TIMED_OUT' && error.instance === '';
}

/** The caller's signal as one that aborts with `RunCancelled`. */
function cancellation(outer: AbortSignal): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  const cancel = () => {
    const { reason } = outer as { reason: unknown };
    controller.abort(new RunCancelled(reason instanceof Error ? reason.message : String(reason)));
  };
  if (outer.aborted) cancel();
  else outer.addEventListener('abort', cancel, { once: true });
  return { signal: controller.signal, release: () => outer.removeEventListener('abort', cancel) };
}
