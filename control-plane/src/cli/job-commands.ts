/** `casare run`, `jobs`, `job …`, `events`. */
import { JobState, type Job, type ReviewRequest } from '@casare/shared/api';
import { api, followEvents } from '@casare/shared/client';
import { details, duration, json, plain, table, type Column } from '@casare/shared/terminal';
import { Option, type Command } from 'commander';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { addArtifactCommands } from './artifact-commands.ts';
import { EXIT, UsageError } from './exit.ts';
import { readInput } from './inputs.ts';
import { paint } from './output.ts';
import { addJobActionCommands } from './job-action-commands.ts';
import { addRecordCommand } from './record-commands.ts';
import { openSession, type Surroundings } from './session.ts';
import { allSteps, exitCodeOfJob, watchJob } from './watch.ts';
import { pushFile } from './workflow-commands.ts';

const JOB_COLUMNS: readonly Column<Job>[] = [
  ['ID', (job) => job.id],
  ['STATE', (job) => job.state],
  ['WORKFLOW', ({ workflow: { namespace, name, version } }) => `${namespace}/${name}@${version}`],
  ['AGENT', (job) => job.agent?.name],
  ['CREATED', (job) => job.createdAt],
];
const REFERENCE = /^[A-Za-z0-9-]+\/[A-Za-z0-9-]+(@[\w.+-]+)?$/;
const collect = (value: string, before: string[]): string[] => [...before, value];

export function addJobCommands(program: Command, around: Surroundings): void {
  program
    .command('run <workflow>')
    .description('save a workflow file (or take a saved namespace/name[@version]) and run it')
    .option('-i, --input <key=value>', 'an input; JSON where it is JSON, else text', collect, [])
    .option('--input-file <file>', 'the input as a JSON object')
    .option('-w, --watch', 'show its steps until it has ended')
    .option('--timeout <seconds>', 'stop watching after so long (exit 7)', positive)
    .option('--priority <0-100>', 'the higher, the sooner', positive)
    .option('--site <name>', 'where it must run')
    .option('--requires <label>', 'a label that the agent must have (region=eu); may be repeated', collect, [])
    .option('--agent <id or name>', 'the one agent that may run it')
    .action((workflow: string, options: RunOptions, command: Command) => run(workflow, options, command, around));

  const jobs = program.command('jobs').description('list jobs, newest first');
  jobs
    .addOption(new Option('--state <state>').choices(JobState.options))
    .option('--workflow <namespace/name>')
    .option('--site <site>', 'that must run at this site')
    .option('--created-after <time>', 'submitted at this time or later, such as 2026-05-01T20:00:00Z')
    .option('--created-before <time>', 'submitted before this time')
    .option('--sort <order>', 'createdAt for the oldest first')
    .option('--limit <n>', 'how many', positive)
    .option('--cursor <cursor>', 'the next page')
    .action(async (options: object, command: Command) => {
      const session = await openSession(command, around);
      session.list(await session.client.call(api.jobs.list, { query: options }), JOB_COLUMNS);
    });
  addJobActionCommands(jobs, around);
  addJobCommand(program, around);
  addArtifactCommands(program, around);

  program
    .command('events')
    .description('print live events until stopped')
    .option('--job <id>', 'of one job only')
    .action(async ({ job }: { job?: string }, command: Command) => {
      const { server, terminal } = await openSession(command, around);
      const filter = job === undefined ? {} : { job };
      for await (const item of followEvents({ ...server, ...filter, signal: around.signal })) {
        if (item.type === 'event') terminal.out(json({ id: item.id, ...item.event }, 0));
      }
    });
}

function addJobCommand(program: Command, around: Surroundings): void {
  const job = program.command('job').description('one job');
  job
    .command('show <id>')
    .description('the job and its steps')
    .action(async (id: string, _: object, command: Command) => {
      const session = await openSession(command, around);
      const found = await session.client.call(api.jobs.get, { params: { id } });
      const steps = await allSteps(session, id);
      session.show({ ...found, steps }, () => `${jobDetails(found)}\n${stepTable(steps)}`);
    });
  job
    .command('logs <id>')
    .description('its log lines')
    .option('--limit <n>', 'how many', positive)
    .option('--cursor <cursor>', 'the next page')
    .action(async (id: string, query: object, command: Command) => {
      const session = await openSession(command, around);
      const page = await session.client.call(api.jobs.logs, { params: { id }, query });
      const text = () => page.items.map((line) => `${line.at} ${plain(line.level)} ${plain(line.message)}\n`).join('');
      session.show(page, text);
      if (!session.json && page.nextCursor !== null) session.terminal.err(`More with --cursor ${page.nextCursor}\n`);
    });
  const does = {
    cancel: 'stop it, softly first',
    pause: 'begin it not; or end the step under way and start no further one',
    resume: 'take a pause back: it goes on where it stood',
    retry: 'run it again, as a new generation',
  };
  for (const verb of ['cancel', 'pause', 'resume', 'retry'] as const) {
    job
      .command(`${verb} <id>`)
      .description(does[verb])
      .action(async (id: string, _: object, command: Command) => {
        const session = await openSession(command, around);
        session.show(await session.client.call(api.jobs[verb], { params: { id } }), jobDetails);
      });
  }
  job
    .command('why <id>')
    .description('why it is pending: for each agent, the first condition that is not met')
    .action(async (id: string, _: object, command: Command) => {
      const session = await openSession(command, around);
      const why = await session.client.call(api.jobs.whyPending, { params: { id } });
      const agents = () =>
        table(why.agents, [
          ['AGENT', (a) => a.name],
          ['CODE', (a) => a.code],
          ['REASON', (a) => a.reason],
        ]);
      const counts = () =>
        table(why.counts, [
          ['CODE', (count) => count.code],
          ['AGENTS', (count) => String(count.agents)],
        ]);
      const held = why.heldBy === null ? '' : `Held by ${why.heldBy.code}.\n`;
      const likely = why.likelyStart === null ? '' : `Likely to start at ${why.likelyStart}.\n`;
      // Each agent of few; of many how many there are of each kind, and the nearest.
      const many = why.counts.reduce((sum, { agents: n }) => sum + n, 0) > why.agents.length;
      session.show(
        why,
        () =>
          `${plain(why.summary)}\n${held}${likely}${many ? `${counts()}\n` : ''}${why.agents.length > 0 ? agents() : ''}`,
      );
    });
  addRecordCommand(job, around);
  job
    .command('review <id>')
    .description('settle a job that waits for a person')
    .addOption(
      new Option('--decision <decision>').choices(['continue', 'retry', 'succeed', 'fail']).makeOptionMandatory(),
    )
    .requiredOption('--reason <text>', 'for the record')
    .option('--result <json>', 'output of the step in doubt (continue) or of the job (succeed)')
    .action(async (id: string, given: { decision: 'retry'; reason: string; result?: string }, command: Command) => {
      const { result, ...decided } = given;
      const body = result === undefined ? decided : { ...decided, output: jsonOf(result) };
      const session = await openSession(command, around);
      session.show(await session.client.call(api.jobs.review, { params: { id }, body }), jobDetails);
    });
}

interface RunOptions {
  readonly input: readonly string[];
  readonly inputFile?: string;
  readonly watch?: boolean;
  readonly timeout?: number;
  readonly priority?: number;
  readonly site?: string;
  readonly agent?: string;
  readonly requires: string[];
}

async function run(workflow: string, options: RunOptions, command: Command, around: Surroundings): Promise<void> {
  const session = await openSession(command, around);
  const { client } = session;
  const input = await readInput(options.inputFile, options.input);
  const reference =
    REFERENCE.test(workflow) && !existsSync(workflow) ? workflow : (await pushFile(session, workflow)).id;
  const { priority, site, agent, requires } = options;
  const more = {
    ...(priority === undefined ? {} : { priority }),
    ...(site && { site }),
    ...(agent && { agent }),
    requires,
  };
  const body = { workflow: reference, ...(input === undefined ? {} : { input: input as never }), ...more };
  const job = await client.call(api.jobs.submit, { body, idempotencyKey: randomUUID() });
  if (!options.watch) {
    session.show(job, ({ id, state }) => `${id}  ${state}\n`);
    return;
  }

  session.terminal.err(`job ${job.id}\n`);
  const late = options.timeout === undefined ? [] : [AbortSignal.timeout(options.timeout * 1_000)];
  const ended = await watchJob(session, job.id, AbortSignal.any([around.signal, ...late]));
  if (ended === null) {
    session.terminal.err(`Stopped watching; the job goes on. See \`casare job show ${job.id}\`.\n`);
    around.exitCode = EXIT.timeout;
    return;
  }
  session.show(ended, (value) => jobDetails({ ...value, error: null, review: null }));
  around.exitCode = exitCodeOfJob(ended.state);
  if (ended.state === 'succeeded') return;
  session.terminal.err(`${paint(session.terminal, 'red', reasonOf(ended))}\n`);
  const next = ended.state === 'needs_review' ? 'review' : 'retry';
  session.terminal.err(`Its files: casare artifacts list ${job.id}. To go on: casare job ${next} ${job.id}\n`);
}

const OUTSTANDING =
  'The agent may hold records that have not arrived: a decision before it comes back throws them away.';

function jobDetails(job: Job): string {
  const { workflow, requirements } = job;
  return details([
    ['id', job.id],
    ['state', job.state],
    ['workflow', `${workflow.namespace}/${workflow.name}@${workflow.version}`],
    ['needs', [requirements.slot, ...requirements.capabilities, requirements.site ?? ''].filter(Boolean).join(' ')],
    ['attempt', job.attempt],
    ['agent', job.agent?.name],
    ['created', job.createdAt],
    ['ended', job.endedAt],
    ['artifacts', job.artifacts],
    ['output', job.output === null ? null : JSON.stringify(job.output)],
    ...(job.error === null && job.review === null ? [] : [['why', reasonOf(job)] as const]),
    ...(job.review?.evidence?.outstanding === true ? [['not here yet', OUTSTANDING] as const] : []),
  ]);
}

function reasonOf({ error, review, state }: Job): string {
  if (review !== null) return `A person must decide: ${plain(review.reason)}`;
  const code = error?.code === undefined ? '' : `${error.code}: `;
  return plain(`${code}${error?.detail ?? error?.title ?? error?.type ?? `The job ended as ${state}.`}`);
}

function stepTable(steps: Awaited<ReturnType<typeof allSteps>>): string {
  return table(steps, [
    ['STATE', (step) => step.state],
    ['STEP', (step) => step.name],
    ['CALL', (step) => step.call ?? step.task],
    ['TOOK', (step) => (step.durationMs === null ? null : duration(step.durationMs))],
    ['ERROR', (step) => step.error?.detail ?? step.error?.title],
  ]);
}

function positive(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`${text} is not a whole number.`);
  return Number(text);
}

function jsonOf(text: string): ReviewRequest['output'] {
  try {
    return JSON.parse(text) as ReviewRequest['output'];
  } catch {
    throw new UsageError(`--result is no JSON: quote texts, as in '"done"'.`);
  }
}
