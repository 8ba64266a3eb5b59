/** `casare dead-letters list|counts|show|retry|purge`. */
import {
  DeadReason,
  type DeadLetter,
  type DeadLetterChoice,
  type DeadLetterCounts,
  type DeadLetterDetails,
} from '@casare/shared/api';
import { api } from '@casare/shared/client';
import { details, plain, table, type Column } from '@casare/shared/terminal';
import { Option, type Command } from 'commander';
import { EXIT, UsageError } from './exit.ts';
import { openSession, type Surroundings } from './session.ts';

const COLUMNS: readonly Column<DeadLetter>[] = [
  ['ID', (letter) => letter.id],
  ['REASON', (letter) => letter.reason],
  ['CODE', (letter) => letter.error?.code],
  ['WORKFLOW', ({ workflow: { namespace, name, version } }) => `${namespace}/${name}@${version}`],
  ['TRIES', (letter) => letter.attempts],
  ['FAILED', (letter) => letter.failedAt],
];

interface Filter {
  readonly reason?: DeadReason;
  readonly workflow?: string;
  readonly code?: string;
  readonly since?: string;
}

export function addDeadLetterCommands(program: Command, around: Surroundings): void {
  const letters = program.command('dead-letters').description('jobs that failed and are not tried again by themselves');
  filtered(letters.command('list').description('list them, newest job first'))
    .option('--limit <n>', 'how many', Number)
    .option('--cursor <cursor>', 'the next page')
    .action(async (query: object, command: Command) => {
      const session = await openSession(command, around);
      session.list(await session.client.call(api.deadLetters.list, { query }), COLUMNS);
    });
  filtered(letters.command('counts').description('how many there are, by reason and workflow')).action(
    async (query: Filter, command: Command) => {
      const session = await openSession(command, around);
      session.show(await session.client.call(api.deadLetters.counts, { query }), countsText);
    },
  );
  letters
    .command('show <id>')
    .description('one of them, with its tries')
    .action(async (id: string, _: object, command: Command) => {
      const session = await openSession(command, around);
      session.show(await session.client.call(api.deadLetters.get, { params: { id } }), textOf);
    });
  for (const verb of ['retry', 'purge'] as const) {
    const does = { retry: 'run them again', purge: 'take them off the list for good; the jobs stay in the history' };
    filtered(letters.command(`${verb} [ids...]`).description(does[verb]))
      .option('--all', 'all of them')
      .action(async (ids: string[], options: Filter & { all?: boolean }, command: Command) => {
        const body = choiceOf(ids, options);
        const session = await openSession(command, around);
        const done = await session.client.call(api.deadLetters[verb], { body });
        session.show(done, () => done.ids.map((id) => `${id}\n`).join(''));
        for (const { id, code } of done.refused) session.terminal.err(`${id}: ${plain(code)}\n`);
        if (done.more) session.terminal.err('There are more: run it again.\n');
        if (done.refused.length > 0) around.exitCode = EXIT.error;
      });
  }
}

function filtered(command: Command): Command {
  return command
    .addOption(new Option('--reason <reason>', 'why they are dead').choices(DeadReason.options))
    .option('--workflow <namespace/name>', 'of one workflow')
    .option('--code <code>', 'with this error code')
    .option('--since <time>', 'failed at this time (2026-11-25T00:00:00Z) or later');
}

/** What is acted on is named: an empty line of arguments does not mean all. */
function choiceOf(ids: string[], { all, reason, workflow, code, since }: Filter & { all?: boolean }): DeadLetterChoice {
  const values = Object.entries({ reason, workflow, code, since }).filter(([, value]) => value !== undefined);
  if (ids.length > 0) {
    if (values.length > 0 || all) throw new UsageError('Give ids, or a filter, not both.');
    return { ids };
  }
  if (values.length === 0 && !all) throw new UsageError('Say which: ids, a filter such as --code, or --all.');
  return { filter: Object.fromEntries(values) };
}

function countsText({ total, complete, reasons, workflows, others }: DeadLetterCounts): string {
  const row = (workflow: string, of: DeadLetterCounts['reasons'] | null, sum: number, last: string | null) => {
    return { workflow, of, sum, last };
  };
  const rows = [
    ...workflows.map((each) => row(each.workflow, each.reasons, each.total, each.lastFailedAt)),
    ...(others > 0 ? [row('(others)', null, others, null)] : []),
    row(complete ? '(all)' : '(the newest)', reasons, total, null),
  ];
  return table(rows, [
    ['WORKFLOW', ({ workflow }) => workflow],
    ['PERMANENT', ({ of }) => of?.permanent],
    ['AMBIGUOUS', ({ of }) => of?.ambiguous],
    ['EXHAUSTED', ({ of }) => of?.exhausted],
    ['TOTAL', ({ sum }) => sum],
    ['LAST', ({ last }) => last],
  ]);
}

function textOf(letter: DeadLetterDetails): string {
  const { workflow, error } = letter;
  const head = details([
    ['id', letter.id],
    ['reason', letter.reason],
    ['workflow', `${workflow.namespace}/${workflow.name}@${workflow.version}`],
    ['code', error?.code],
    ['why', error?.detail ?? error?.title],
    ['failed', letter.failedAt],
  ]);
  const tries = table(letter.tries, [
    ['TRY', (each) => each.attempt],
    ['AGENT', (each) => each.agent?.name],
    ['OUTCOME', (each) => each.outcome],
    ['CODE', (each) => each.error?.code],
    ['ENDED', (each) => each.endedAt],
  ]);
  return `${head}\n${tries}`;
}
