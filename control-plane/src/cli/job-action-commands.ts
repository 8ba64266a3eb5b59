/** `casare jobs cancel|pause|resume|retry`: one action on all jobs that fit a filter. */
import { JobState, type JobAction, type JobActionDone, type JobActionRequest } from '@casare/shared/api';
import { api } from '@casare/shared/client';
import { plain } from '@casare/shared/terminal';
import { Option, type Command } from 'commander';
import { EXIT, UsageError } from './exit.ts';
import { processInput } from './secret-input.ts';
import { openSession, type Session, type Surroundings } from './session.ts';

const DOES: Readonly<Record<JobAction, string>> = {
  cancel: 'cancel jobs',
  pause: 'pause jobs: those that wait are not begun, runs stand still after the step under way',
  resume: 'resume jobs that are paused',
  retry: 'run ended jobs again, each as a new generation',
};

interface Given {
  readonly state?: JobState;
  readonly workflow?: string;
  readonly agent?: string;
  readonly site?: string;
  readonly since?: string;
  readonly q?: string;
  readonly all?: boolean;
  readonly limit?: number;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

export function addJobActionCommands(jobs: Command, around: Surroundings): void {
  for (const action of ['cancel', 'pause', 'resume', 'retry'] as const) {
    jobs
      .command(action)
      .description(`${DOES[action]} that fit the filter, oldest first`)
      .addOption(new Option('--state <state>', 'in this state').choices(JobState.options))
      .option('--workflow <namespace/name>', 'of one workflow')
      .option('--agent <id>', 'of one agent')
      .option('--site <site>', 'that must run at this site')
      .option('--since <time>', 'submitted at this time (2026-11-25T00:00:00Z) or later')
      .option('--q <text>', 'whose workflow or id has this text')
      .option('--all', 'all jobs')
      .option('--limit <n>', 'how many at most', Number)
      .option('--dry-run', 'only say how many fit')
      .option('--yes', 'do not ask')
      // The list has some options of the same names, which reach it.
      .action((_: object, command: Command) => act(action, command.optsWithGlobals<Given>(), command, around));
  }
}

async function act(action: JobAction, given: Given, command: Command, around: Surroundings): Promise<void> {
  const { state, workflow, agent, site, since, q } = given;
  const filter = Object.fromEntries(
    Object.entries({ state, workflow, agent, site, since, q }).filter(([, value]) => value !== undefined),
  );
  // What is acted on is named: an empty line of arguments does not mean all.
  if (Object.keys(filter).length === 0 && !given.all)
    throw new UsageError('Say which: a filter such as --state, or --all.');
  const session = await openSession(command, around);
  const ask = async (dryRun: boolean): Promise<JobActionDone> => {
    const limit = given.limit === undefined ? {} : { limit: given.limit };
    const body = { action, filter, dryRun, ...limit } as JobActionRequest;
    return session.client.call(api.jobActions.run, { body });
  };
  if (given.dryRun) {
    const counted = await ask(true);
    session.show(counted, () => `${jobsOf(counted.remaining)} fit.\n`);
    return;
  }
  if (!given.yes && !(await isMeant(action, (await ask(true)).remaining, session, around))) return;
  const done = await ask(false);
  session.show(done, () => done.ids.map((id) => `${id}\n`).join(''));
  for (const { id, code } of done.refused) session.terminal.err(`${id}: ${plain(code)}\n`);
  if (done.remaining > 0) session.terminal.err(`${jobsOf(done.remaining)} more fit: run it again.\n`);
  if (done.refused.length > 0) around.exitCode = EXIT.error;
}

/** A person is asked; a script says --yes. @throws UsageError */
async function isMeant(action: JobAction, count: number, session: Session, around: Surroundings): Promise<boolean> {
  const input = around.input ?? processInput();
  if (!input.interactive)
    throw new UsageError(`This would ${action} ${jobsOf(count)}: add --yes, or --dry-run to look.`);
  session.terminal.err(`This will ${action} ${jobsOf(count)}. `);
  if (/^y(es)?$/i.test((await input.ask('Type yes: ')).trim())) return true;
  session.terminal.err('Nothing was done.\n');
  around.exitCode = EXIT.error;
  return false;
}

function jobsOf(count: number): string {
  const most = 10_000;
  return `${count >= most ? `${most} or more` : String(count)} ${count === 1 ? 'job' : 'jobs'}`;
}
