/**
 * The worker process: engine and steps loaded and waiting, then one run, then the end. It talks to the agent alone,
 * over its channel; when that closes, the agent is gone, and everything this process started goes too.
 */
import { tmpdir } from 'node:os';
import { Workflow } from '@casare/shared/workflow';
import { createExpressions, PauseSwitch, RecordingFailed, runWorkflow, systemClock } from '../engine/index.ts';
import { codeOf, describe, Fault } from '../fault.ts';
import { governed, stepPolicyOf } from '../policy/index.ts';
import { closeSessions, createStepRegistry } from '../steps/index.ts';
import { openAgentLink } from '../worker-host/worker-link.ts';
import type { ToWorker } from './ipc.ts';
import { endOwnChildren } from './own-children.ts';
import { killTree, MARKER_VARIABLE, startTicksOf } from './process-tree.ts';
import { rehearseWhenIdle } from './rehearsal.ts';
import { removeScratch } from './scratch.ts';
import { WorkerChannel } from './worker-channel.ts';

type Start = Extract<ToWorker, { type: 'start' }>;

/** Events that may be under way to the agent at once. */
const EVENTS_AHEAD = 100;

const expressions = createExpressions();
const stop = new AbortController();
const pause = new PauseSwitch();
const job = new AbortController();
const link = await openAgentLink();
const channel = new WorkerChannel((message) => link.send(message));
const duties = { start: (message: Start) => void run(message), cancel, pause: (on: boolean) => pause.set(on) };
link.listen((raw) => channel.receive(raw, duties), endEverything);
// the agent decides when a worker ends: a Ctrl-C in its terminal must not
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
void prepare();

/** Says that it is ready when nothing is left to prepare; not where the job came first. */
async function prepare(): Promise<void> {
  const { signal } = job;
  try {
    await rehearseWhenIdle({ steps: registry('/'), expressions, job: signal });
    channel.ready();
  } catch (error) {
    if (!signal.aborted) process.stderr.write(`the worker did not rehearse: ${describe(error)}\n`);
  }
}

async function run(start: Start): Promise<void> {
  job.abort();
  const { assignment, runFolder } = start;
  const session = new Map<string, unknown>();
  const home = process.env['CASARE_HOME'] ?? runFolder;
  const steps = registry(home);
  try {
    await runWorkflow({
      runId: assignment.jobId,
      document: Workflow.parse(assignment.workflow.document),
      input: assignment.input,
      secrets: start.secrets,
      secretRules: start.secretRules,
      journal: start.journal,
      artifacts: assignment.artifacts.map((artifact) => artifact.name),
      record: (body, ahead) => channel.record(body, ahead),
      mayGoAhead: () => channel.mayGoAhead,
      ahead: EVENTS_AHEAD,
      artifact: async (file, about) => {
        link.share(file, runFolder);
        await channel.keep({ path: file, ...about });
      },
      steps: governed(steps, start.policy),
      policy: stepPolicyOf(start.policy, { home }),
      expressions,
      clock: systemClock,
      signal: stop.signal,
      pause,
      runFolder,
      log: (level, message) => channel.log(level, message),
      session,
    });
  } catch (error) {
    const cause = error instanceof RecordingFailed ? error.cause : error;
    channel.broken(cause instanceof Fault ? cause.code : codeOf(cause) || 'ENGINE_FAILED', describe(cause));
  }
  await closeSessions(session).catch((error: unknown) => channel.log('warn', describe(error)));
  await expressions.close();
  // What hid from its marker and its group is below this process still, and nobody's afterwards.
  await endOwnChildren();
  // the agent does the same, unless it is gone by now
  removeScratch(process.env[MARKER_VARIABLE] ?? '', tmpdir());
  await link.close();
  process.exit(0);
}

function registry(home: string): ReturnType<typeof createStepRegistry> {
  return createStepRegistry({ home, env: process.env, platform: process.platform });
}

function cancel(reason: string): void {
  stop.abort(new Error(reason));
}

function endEverything(): void {
  const marker = process.env[MARKER_VARIABLE];
  if (marker !== undefined) {
    killTree({ pid: process.pid, startTicks: startTicksOf(process.pid) ?? 0, marker });
    removeScratch(marker, tmpdir());
  }
  process.exit(1);
}
