/**
 * `casare-agent run-local`: a workflow of a file on this machine, without a control plane, with a view of its steps. The
 * engine, the steps and the policy are those of a real run. What the run recorded is kept below the agent home, so that the
 * next one can begin in the middle of it (`--from`).
 */
import { createWriteStream, type WriteStream } from 'node:fs';
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { randomUUID } from 'node:crypto';
import { RunEvent, type RunEventBody } from '@casare/shared/protocol';
import { duration, json, plain } from '@casare/shared/terminal';
import type { Json, Workflow } from '@casare/shared/workflow';
import { z } from 'zod';
import { createExpressions, runWorkflow, type RunEndingBody, systemClock } from '../engine/index.ts';
import { codeOf, Fault } from '../fault.ts';
import { governed, judge, type Policy, PolicyGate, policyPlace, stepPolicyOf } from '../policy/index.ts';
import { closeSessions, createStepRegistry } from '../steps/index.ts';
import { journalBefore, rememberingSteps } from './from.decision.ts';
import { readDocument } from './local-document.ts';
import { type KeptFile, writeRecord } from './local-record.ts';
import { readSecrets } from './local-secrets.ts';
import { pausesAt, readAnswer } from './pause.decision.ts';
import { StepView, type ViewTarget } from './step-view.ts';

export interface LocalRunOptions {
  readonly file: string;
  /** The run's input; of the last run when it goes on from there. */
  readonly input: Readonly<Record<string, Json>> | undefined;
  readonly secrets: string | undefined;
  /** Folders with the files of sub-workflows, besides the file's own. */
  readonly workflows: readonly string[];
  /** Where the run's files go; a folder of the agent home when absent. */
  readonly out: string | undefined;
  readonly step: boolean;
  readonly breakAt: readonly string[];
  readonly from: string | undefined;
  /** The policy's file, where it is not the machine's or the home's. */
  readonly policy: string | undefined;
  /** Where the run's record goes, as one file; absent for none. */
  readonly record: string | undefined;
  readonly output: 'table' | 'json';
  /** The agent's data directory. */
  readonly home: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly target: ViewTarget;
  /** Asks the person at the terminal; null at its end. Absent where there is none. */
  readonly ask: ((question: string) => Promise<string | null>) | undefined;
  readonly stopped: () => Promise<void>;
}

/** The first line of a run's record; events follow. */
const Head = z.object({ input: z.json() });
interface Kept {
  readonly input: Json;
  readonly events: readonly RunEvent[];
}

/** Runs it. True when it succeeded. @throws Fault before anything has run */
export async function runLocal(options: LocalRunOptions): Promise<boolean> {
  if ((options.step || options.breakAt.length > 0) && options.ask === undefined) {
    throw new Fault('USAGE', '--step and --break-at ask what to do next: run them in a terminal', { exitCode: 2 });
  }
  const folders = [path.dirname(options.file), ...options.workflows];
  const { document, analysis, warnings } = await readDocument(options.file, folders);
  const secrets = await readSecrets(options.secrets, analysis.secrets);
  const { namespace, name } = document.document;
  const policy = new PolicyGate(policyPlace(options.policy, options.home)).held.policy;
  const folder = options.out ?? path.join(options.home, 'local', `${namespace}.${name}`);
  const keptAt = path.join(folder, 'last-run.jsonl');
  const last = options.from === undefined ? null : await readKept(keptAt);
  const journal = options.from === undefined ? [] : beginning(last, options.from);
  const input = options.input ?? last?.input ?? {};
  refuseByPolicy(policy, document, input);
  await mkdir(path.join(folder, 'evidence'), { recursive: true, mode: 0o700 });

  const view = new StepView(options.target, () => Date.now());
  if (options.output === 'table') for (const line of warnings) view.line(plain(line));
  const recording = new Recording(keptAt, input, journal);
  const stop = new AbortController();
  void options.stopped().then(() => stop.abort(new Error('stopped at the terminal')));
  const pauses = new Pausing(options, view, stop);
  const registry = createStepRegistry({ home: options.home, env: options.environment, platform: process.platform });
  const expressions = createExpressions();
  const session = new Map<string, unknown>();
  const files: KeptFile[] = [];
  const [began, id] = [Date.now(), randomUUID()];
  try {
    const ending = await runWorkflow({
      runId: id,
      ...{ document, input, secrets, journal, session, expressions, runFolder: folder },
      steps: governed(options.from === undefined ? registry : rememberingSteps(registry), policy),
      policy: stepPolicyOf(policy, { home: options.home }),
      clock: systemClock,
      signal: stop.signal,
      record: async (body) => {
        recording.add(body);
        if (options.output === 'table') view.show(body);
        if (body.type === 'step.started') await pauses.before(body);
      },
      artifact: (file, about) => keepFile(folder, file, about, files),
      log: () => undefined,
    });
    view.close();
    if (options.record !== undefined) {
      await recording.end();
      const { events } = (await readKept(keptAt))!;
      const run = { id, document, input, events, files, ending, began: new Date(began), ended: new Date() };
      await writeRecord(run, options.record);
    }
    tell(options, ending, files, began);
    return ending.type === 'run.completed';
  } finally {
    view.close();
    await closeSessions(session);
    await expressions.close();
    await recording.end();
  }
}

/** What the policy says of jobs holds here too, but for signatures: what its author tries out is not signed yet. */
function refuseByPolicy({ signed, ...rules }: Policy, document: Workflow, input: Json): void {
  void signed;
  const { namespace, name, version } = document.document;
  const workflow = { namespace, name, version, digest: '', document: document as never };
  const refused = judge(rules, { workflow, input: input as never });
  if (refused !== null) throw new Fault(refused.code, refused.reason);
}

function beginning(last: Kept | null, from: string): readonly RunEvent[] {
  const before = last === null ? null : journalBefore(last.events, from);
  if (before !== null) return before;
  const why =
    last === null ? 'there is no earlier run of this workflow' : `the last run never came to a task \`${from}\``;
  throw new Fault(
    'LOCAL_RUN_UNKNOWN',
    `--from goes on in the last run, and ${why}: run the workflow without it first`,
    { exitCode: 2 },
  );
}

async function readKept(file: string): Promise<Kept | null> {
  try {
    const [head, ...lines] = (await readFile(file, 'utf8')).split('\n').slice(0, -1);
    const { input } = Head.parse(JSON.parse(head ?? ''));
    return { input: input as Json, events: lines.map((line) => RunEvent.parse(JSON.parse(line))) };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    const message = `${file} is not the record of a local run: remove it and run without --from`;
    throw new Fault('LOCAL_RUN_UNREADABLE', message, { cause: error });
  }
}

/** Files that steps stored stand in the folder already; evidence is put beside them under its name. */
async function keepFile(folder: string, file: string, about: KeptFile['about'], files: KeptFile[]): Promise<void> {
  const at = new Date();
  if (about.kind === 'output') {
    files.push({ path: path.join(folder, 'files', about.name), about, at });
    return;
  }
  const to = path.join(folder, 'evidence', ...about.name.split('/'));
  await mkdir(path.dirname(to), { recursive: true, mode: 0o700 });
  if (file !== to) await copyFile(file, to);
  files.push({ path: to, about, at });
}

/** Asks before steps, as long as it is wanted. */
class Pausing {
  readonly #options: LocalRunOptions;
  readonly #view: StepView;
  readonly #stop: AbortController;
  #every: boolean;

  constructor(options: LocalRunOptions, view: StepView, stop: AbortController) {
    [this.#options, this.#view, this.#stop] = [options, view, stop];
    this.#every = options.step;
  }

  async before(started: Extract<RunEventBody, { type: 'step.started' }>): Promise<void> {
    const { ask, breakAt } = this.#options;
    if (ask === undefined || this.#stop.signal.aborted || !pausesAt({ every: this.#every, at: breakAt }, started))
      return;
    for (;;) {
      this.#view.rest();
      const call = started.call === undefined ? '' : ` (${started.call.split(':')[0]})`;
      const answer = await ask(`before ${plain(started.name)}${call}  [Enter] next, c go on, i input, q quit: `);
      const said = readAnswer(answer);
      if (said === 'input') this.#view.line(plain(JSON.stringify(started.input ?? null)));
      if (said === 'help')
        this.#view.line(
          'Enter: this step, and stop at the next; c: go on to the next breakpoint; i: what the step is called with; q: end the run',
        );
      if (said === 'quit') this.#stop.abort(new Error('ended at a breakpoint'));
      if (said === 'next') this.#every = true;
      if (said === 'go') this.#every = false;
      if (said !== 'input' && said !== 'help') return;
    }
  }
}

/** What happened, a line each, written as it happens: a run that was killed can be gone on with too. */
class Recording {
  readonly #stream: WriteStream;
  #seq: number;
  #broken: Error | null = null;

  constructor(file: string, input: Json, journal: readonly RunEvent[]) {
    this.#stream = createWriteStream(file, { mode: 0o600 });
    this.#stream.on('error', (error) => (this.#broken = error));
    this.#seq = journal.length;
    for (const line of [{ input }, ...journal]) this.#stream.write(`${JSON.stringify(line)}\n`);
  }

  /** @throws Error when it could not be written; then nothing more is done */
  add(body: RunEventBody): void {
    if (this.#broken) throw this.#broken;
    this.#seq += 1;
    const event: RunEvent = { seq: this.#seq, at: new Date().toISOString(), body };
    this.#stream.write(`${JSON.stringify(event)}\n`);
  }

  async end(): Promise<void> {
    if (this.#stream.writableEnded) return;
    await new Promise<void>((resolve) => this.#stream.end(() => resolve()));
  }
}

function tell(
  { output, target, record }: LocalRunOptions,
  ending: RunEndingBody,
  kept: readonly KeptFile[],
  began: number,
): void {
  const ms = Date.now() - began;
  const files = [...kept.map((file) => file.path), ...(record === undefined ? [] : [record])];
  if (output === 'json') {
    const { type, ...rest } = ending;
    target.print(json({ state: type.slice('run.'.length), ...rest, files, seconds: ms / 1_000 }, 0));
    return;
  }
  const word = {
    'run.completed': 'succeeded',
    'run.failed': 'failed',
    'run.timed_out': 'timed out',
    'run.cancelled': 'stopped',
    'run.suspended': 'needs a person',
  }[ending.type];
  target.print(`\n${word} after ${duration(ms)}\n`);
  if (ending.type === 'run.completed') target.print(json(ending.output));
  else if ('error' in ending)
    target.print(
      `${ending.error.code ?? ending.error.type}: ${plain(ending.error.detail ?? ending.error.title ?? '')}${ending.error.instance === undefined ? '' : `\nat ${plain(ending.error.instance)}`}\n`,
    );
  else target.print(`${plain(ending.reason)}\n`);
  for (const file of files) target.print(`file  ${plain(file)}\n`);
}
