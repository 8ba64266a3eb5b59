/**
 * Follows a job to its end and shows its steps as they happen. What was missed before the stream opened, or while it
 * was away, is read from the API, so every step is shown once whichever way it came.
 */
import type { Job, JobState, Step } from '@casare/shared/api';
import { api, followEvents } from '@casare/shared/client';
import { duration, plain } from '@casare/shared/terminal';
import { EXIT, type ExitCode } from './exit.ts';
import { paint, type Terminal } from './output.ts';
import type { Session } from './session.ts';

const ENDED: ReadonlySet<JobState> = new Set(['succeeded', 'failed', 'timed_out', 'cancelled', 'needs_review']);
const MARKS = {
  completed: ['✓', 'green'],
  failed: ['✗', 'red'],
  skipped: ['-', 'dim'],
  interrupted: ['!', 'yellow'],
} as const;
const CLEAR = '\r\u001b[K';

/** The exit code of a job that ended. */
export function exitCodeOfJob(state: JobState): ExitCode {
  if (state === 'succeeded') return EXIT.ok;
  return state === 'timed_out' ? EXIT.timeout : EXIT.jobFailed;
}

/** Watches until the job has ended or waits for a person, or `signal` aborts: then null. @throws ApiError */
export async function watchJob(session: Session, jobId: string, signal: AbortSignal): Promise<Job | null> {
  const view = new StepView(session.terminal);
  const seen = async (): Promise<Job | null> => {
    for (const step of await allSteps(session, jobId)) view.step(step);
    const job = await session.client.call(api.jobs.get, { params: { id: jobId } });
    view.state(job.state);
    return ENDED.has(job.state) ? job : null;
  };
  try {
    const onBreak = (reason: string) => view.note(`the connection broke (${reason}), reconnecting`);
    for await (const item of followEvents({ ...session.server, job: jobId, signal, onBreak })) {
      if (item.type === 'open') {
        const ended = await seen();
        if (ended !== null) return ended;
        continue;
      }
      const { event } = item;
      if (event.type === 'step.changed') view.step(event.step);
      else if (event.type === 'log.line') view.note(event.line.message);
      else if (event.type === 'job.changed') {
        view.state(event.state);
        const ended = ENDED.has(event.state) ? await seen() : null;
        if (ended !== null) return ended;
      }
    }
    return null;
  } finally {
    view.end();
  }
}

/** Every step of a job, oldest first. */
export async function allSteps({ client }: Pick<Session, 'client'>, jobId: string): Promise<Step[]> {
  const steps: Step[] = [];
  for (let cursor: string | null | undefined; cursor !== null;) {
    const query: { limit: number; cursor?: string } = { limit: 200, ...(cursor === undefined ? {} : { cursor }) };
    const page: { items: Step[]; nextCursor: string | null } = await client.call(api.jobs.steps, {
      params: { id: jobId },
      query,
    });
    steps.push(...page.items);
    cursor = page.nextCursor;
  }
  return steps;
}

/** Writes each ended step once; on a terminal the step under way is redrawn below them. */
class StepView {
  readonly #terminal: Terminal;
  readonly #shown = new Set<string>();
  #state: JobState | null = null;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  step(step: Step): void {
    const key = `${step.attempt}/${step.seq}`;
    if (this.#shown.has(key)) return;
    const name = plain(step.call === null ? step.name : `${step.name} (${step.call})`);
    if (step.state === 'running') {
      this.#live(`… ${name}`);
      return;
    }
    this.#shown.add(key);
    const [mark, colour] = MARKS[step.state];
    const took = step.durationMs === null ? '' : paint(this.#terminal, 'dim', ` ${duration(step.durationMs)}`);
    const why = step.error === null ? '' : `: ${plain(step.error.detail ?? step.error.title ?? step.error.type)}`;
    this.#line(`${paint(this.#terminal, colour, mark)} ${name}${took}${why}`);
  }

  state(state: JobState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#line(`job ${state.replaceAll('_', ' ')}`);
  }

  note(text: string): void {
    this.#line(paint(this.#terminal, 'dim', `  ${plain(text)}`));
  }

  end(): void {
    if (this.#terminal.interactive) this.#terminal.err(CLEAR);
  }

  #line(text: string): void {
    this.#terminal.err(`${this.#terminal.interactive ? CLEAR : ''}${text}\n`);
  }

  #live(text: string): void {
    if (this.#terminal.interactive) this.#terminal.err(`${CLEAR}${text.slice(0, 120)}`);
  }
}
