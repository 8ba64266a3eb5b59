/** `casare schedules list|create|show|enable|disable|trigger|delete`. */
import { ScheduleRequest, type Firing, type Schedule } from '@casare/shared/api';
import { api, ApiError, type Client } from '@casare/shared/client';
import { details, table, type Column } from '@casare/shared/terminal';
import { Option, type Command } from 'commander';
import { UsageError } from './exit.ts';
import { readInput } from './inputs.ts';
import { openSession, type Surroundings } from './session.ts';

const COLUMNS: readonly Column<Schedule>[] = [
  ['ID', (schedule) => schedule.id],
  ['NAME', (schedule) => schedule.name],
  ['WORKFLOW', (schedule) => schedule.job.workflow],
  ['CRON', (schedule) => schedule.cron],
  ['ZONE', (schedule) => schedule.timeZone],
  ['NEXT', (schedule) => (schedule.enabled ? schedule.nextRuns[0] : 'disabled')],
  ['LAST', ({ lastFiring: last }) => last && `${last.outcome} ${last.dueAt}`],
];
const FIRING_COLUMNS: readonly Column<Firing>[] = [
  ['DUE', (firing) => firing.dueAt],
  ['OUTCOME', (firing) => firing.outcome],
  ['JOB', (firing) => firing.jobId],
  ['WHY', (firing) => firing.reason ?? firing.code],
];
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

interface NewSchedule {
  readonly workflow: string;
  readonly cron: string;
  readonly zone: string;
  readonly input: readonly string[];
  readonly inputFile?: string;
  readonly priority?: number;
  readonly require: readonly string[];
  readonly site?: string;
  readonly agent?: string;
  readonly overlap: string;
  readonly catchUp: string;
  readonly catchUpLimit?: number;
  readonly disabled?: boolean;
}

export function addScheduleCommands(program: Command, around: Surroundings): void {
  const schedules = program.command('schedules').description('jobs that are submitted by the clock');
  schedules
    .command('list')
    .description('list them, newest first')
    .option('--limit <n>', 'how many', Number)
    .option('--cursor <cursor>', 'the next page')
    .action(async (query: object, command: Command) => {
      const session = await openSession(command, around);
      session.list(await session.client.call(api.schedules.list, { query }), COLUMNS);
    });
  addCreate(schedules, around);
  schedules
    .command('show <schedule>')
    .description('one of them, by id or name, with its next five times and what became of the last ten')
    .action(async (reference: string, _: object, command: Command) => {
      const session = await openSession(command, around);
      const params = { id: await idOf(session.client, reference) };
      const schedule = await session.client.call(api.schedules.get, { params });
      const { items } = await session.client.call(api.schedules.firings, { params, query: { limit: 10 } });
      session.show({ ...schedule, firings: items }, () => `${textOf(schedule)}\n${table(items, FIRING_COLUMNS)}`);
    });
  for (const action of ['enable', 'disable'] as const) {
    schedules
      .command(`${action} <schedule>`)
      .description(action === 'enable' ? 'its times count from now on' : 'nothing is submitted until it is enabled')
      .action(async (reference: string, _: object, command: Command) => {
        const session = await openSession(command, around);
        const params = { id: await idOf(session.client, reference), action };
        session.show(await session.client.call(api.schedules.act, { params }), textOf);
      });
  }
  schedules
    .command('trigger <schedule>')
    .description('submit its job now')
    .action(async (reference: string, _: object, command: Command) => {
      const session = await openSession(command, around);
      const params = { id: await idOf(session.client, reference) };
      session.show(await session.client.call(api.schedules.trigger, { params }), ({ jobId }) => `${jobId}\n`);
    });
  schedules
    .command('delete <schedule>')
    .description('remove it; its jobs stay')
    .action(async (reference: string, _: object, command: Command) => {
      const session = await openSession(command, around);
      await session.client.call(api.schedules.remove, { params: { id: await idOf(session.client, reference) } });
    });
}

function addCreate(schedules: Command, around: Surroundings): void {
  const more = (value: string, all: readonly string[]): string[] => [...all, value];
  schedules
    .command('create <name>')
    .description('submit a job whenever a clock shows a time')
    .requiredOption('--workflow <namespace/name[@version]>', 'what is run')
    .requiredOption('--cron <expression>', 'minute, hour, day of month, month, day of week, such as "30 6 * * 1-5"')
    .option('--zone <name>', 'whose clock, such as Europe/Berlin', 'UTC')
    .option('--input <key=value>', 'a value of its input, again for others', more, [])
    .option('--input-file <file>', 'its input, a JSON object')
    .option('--priority <n>', '0 (last) to 100 (first)', Number)
    .option('--require <capability>', 'what its agent must have, again for others', more, [])
    .option('--site <site>', 'where it runs')
    .option('--agent <agent>', 'the one agent that may run it')
    .addOption(
      new Option('--overlap <policy>', 'when an earlier job is not over')
        .choices(['skip', 'queue', 'cancel'])
        .default('skip'),
    )
    .addOption(
      new Option('--catch-up <policy>', 'times that passed while the control plane was down')
        .choices(['none', 'last', 'all'])
        .default('none'),
    )
    .option('--catch-up-limit <n>', 'of all: the last so many', Number)
    .option('--disabled', 'only when it is enabled')
    .action(async (name: string, options: NewSchedule, command: Command) => {
      const body = await requestOf(name, options);
      const session = await openSession(command, around);
      session.show(await session.client.call(api.schedules.create, { body }), textOf);
    });
}

async function requestOf(name: string, options: NewSchedule): Promise<ScheduleRequest> {
  const { workflow, cron, zone, priority, require: requires, site, agent, overlap, catchUp, catchUpLimit } = options;
  const input = await readInput(options.inputFile, options.input);
  const job = { workflow, input, priority, requires, site, agent };
  const kept = { kind: catchUp, ...(catchUpLimit === undefined ? {} : { limit: catchUpLimit }) };
  const enabled = options.disabled !== true;
  const parsed = ScheduleRequest.safeParse({ name, cron, timeZone: zone, job, overlap, catchUp: kept, enabled });
  if (parsed.success) return parsed.data;
  throw new UsageError(parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
}

/** An id, or the id of the schedule with this name. */
async function idOf(client: Client, reference: string): Promise<string> {
  if (UUID.test(reference)) return reference;
  const { items } = await client.call(api.schedules.list, { query: { name: reference } });
  if (items[0] === undefined) {
    const title = `There is no schedule called ${reference}.`;
    const fix = 'List them: `casare schedules list`.';
    throw new ApiError({ type: 'about:blank', status: 404, code: 'SCHEDULE_NOT_FOUND', title, fix });
  }
  return items[0].id;
}

function textOf(schedule: Schedule): string {
  const { catchUp, nextRuns } = schedule;
  return details([
    ['id', schedule.id],
    ['name', schedule.name],
    ['workflow', schedule.job.workflow],
    ['when', `${schedule.cron}, ${schedule.timeZone}`],
    ['enabled', schedule.enabled ? 'yes' : 'no'],
    ['overlap', schedule.overlap],
    ['catch-up', catchUp.kind === 'all' ? `all, the last ${catchUp.limit}` : catchUp.kind],
    ...nextRuns.map((at, index): [string, string] => [index === 0 ? 'next' : '', at]),
  ]);
}
