/**
 * What a worker does while it waits for its job: it carries out a small run of its own, whose steps do nothing. What the engine
 * does for every step is compiled by the time a job comes, which the first steps of each job would pay for otherwise.
 *
 * Invariants
 * - Nothing leaves the process: no step acts, no event is sent, no file is touched.
 * - It ends by itself after `ROUNDS` rounds of a few steps, and at its next event when a job is there. Between two events lies no
 *   more than what one step of the engine takes.
 */
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { Workflow } from '@casare/shared/workflow';
import { type Expressions, PauseSwitch, runWorkflow, systemClock, type StepRegistry } from '../engine/index.ts';
import { governed, Policy, stepPolicyOf } from '../policy/index.ts';
import type { ToWorker } from './ipc.ts';
import { WorkerChannel } from './worker-channel.ts';

type Start = Extract<ToWorker, { type: 'start' }>;

export interface RehearsalContext {
  /** Where the declarations of its steps are; none of them is called. */
  readonly steps: StepRegistry;
  readonly expressions: Expressions;
  /** Aborts when a job is there. */
  readonly job: AbortSignal;
}

/** A worker that was started for a job that waits has it before: then nothing is rehearsed. Milliseconds. */
const IDLE_MS = 100;
/** Rounds of a form: what most steps of most jobs are like. */
const ROUNDS = 12;
const PAGE = { url: 'http://rehearsal.invalid/', title: 'Rehearsal' };
/** What its steps answer. */
const ANSWERS: Readonly<Record<string, unknown>> = {
  'browser.fill': PAGE,
  'browser.select': { selected: ['small'] },
  'browser.click': PAGE,
  'browser.text': 'done',
  'browser.value': 'customer',
};
const FOR_EVER = { mono: Number.MAX_SAFE_INTEGER, wall: Number.MAX_SAFE_INTEGER };

/** Rehearses where no job comes at once. Rejects when one is there. */
export async function rehearseWhenIdle(context: RehearsalContext): Promise<void> {
  await delay(IDLE_MS, undefined, { signal: context.job });
  await rehearse(context);
}

/** Resolves with how many steps were carried out; rejects at its next event when a job is there. */
export async function rehearse({ steps, expressions, job }: RehearsalContext): Promise<number> {
  let ended = 0;
  const channel: WorkerChannel = new WorkerChannel((message) => void answer(message as { request: number }));
  const answer = async ({ request }: { request: number }): Promise<void> => {
    await nextTurn();
    channel.receive(
      { type: 'recorded', request, seq: 1, actBefore: FOR_EVER },
      duties(() => undefined),
    );
  };
  const start = startOf(channel);
  const policy = Policy.parse(start.policy);
  const ending = await runWorkflow({
    ...{ runId: start.assignment.jobId, document: Workflow.parse(start.assignment.workflow.document) },
    ...{ input: start.assignment.input, secrets: start.secrets, journal: start.journal, runFolder: start.runFolder },
    record: async (body, ahead) => {
      job.throwIfAborted();
      if (body.type === 'step.completed') ended += 1;
      await channel.record(body, ahead);
    },
    mayGoAhead: () => channel.mayGoAhead,
    ahead: 100,
    artifact: () => Promise.resolve(),
    steps: governed(idle(steps), policy),
    policy: stepPolicyOf(policy),
    expressions,
    clock: systemClock,
    signal: new AbortController().signal,
    pause: new PauseSwitch(),
    log: () => undefined,
  });
  if (ending.type !== 'run.completed') throw new Error(`the rehearsal ended by ${JSON.stringify(ending)}`);
  return ended;
}

/** The same declarations, and nothing behind them. */
function idle(steps: StepRegistry): StepRegistry {
  return {
    find: (reference) => {
      const step = steps.find(reference);
      if (step === null) return null;
      const run = async (_args: unknown, context: Parameters<typeof step.run>[1]): Promise<unknown> => {
        await nextTurn();
        context.see({ target: { selector: 'button "Add"', found: null, matches: 1 } });
        context.see({ page: PAGE });
        return ANSWERS[step.declaration.name];
      };
      return { ...step, run };
    },
  };
}

/** The job of the rehearsal, as it would come from the agent. */
function startOf(channel: WorkerChannel): Start {
  const received: Start[] = [];
  const document = {
    document: { dsl: '1.0.3', namespace: 'casare', name: 'rehearsal', version: '1.0.0' },
    use: { secrets: ['rehearsal'] },
    do: [{ first: { set: { n: '${ 0 + 1 }' } } }, ...Array.from({ length: ROUNDS }, (_, n) => roundOf(n)).flat()],
  };
  const workflow = { namespace: 'casare', name: 'rehearsal', version: '1.0.0', digest: '0'.repeat(64), document };
  const assignment = {
    ...{ jobId: '00000000-0000-4000-8000-000000000000', attempt: 1, generation: 1, workflow, input: {} },
    ...{ slot: 'browser', onDisconnect: 'continue', journal: [], artifacts: [] },
  };
  const secrets = { rehearsal: 'not a secret' };
  const raw: unknown = JSON.parse(
    JSON.stringify({ type: 'start', assignment, secrets, journal: [], runFolder: '', policy: {} }),
  );
  channel.receive(
    raw,
    duties((start) => received.push(start)),
  );
  return received[0]!;
}

function roundOf(n: number): unknown[] {
  const kind = n % 2 === 0 ? 'small' : 'large';
  return [
    { [`set${n}`]: { set: { n, before: '${ . }' } } },
    { [`fill${n}`]: { call: 'browser.fill', with: { target: 'textbox "Customer"', value: '${ .n }' } } },
    { [`select${n}`]: { call: 'browser.select', with: { target: 'combobox "Kind"', option: kind } } },
    { [`click${n}`]: { call: 'browser.click', with: { target: 'button "Add"' } } },
    { [`text${n}`]: { call: 'browser.text', with: { target: 'status "Last"' } } },
    { [`value${n}`]: { call: 'browser.value', with: { target: 'textbox "Customer"' } } },
  ];
}

function duties(start: (message: Start) => void): Parameters<WorkerChannel['receive']>[1] {
  return { start, cancel: () => undefined, pause: () => undefined };
}
