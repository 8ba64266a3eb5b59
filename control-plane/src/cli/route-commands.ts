/** `casare routes`, `route pause|resume`, `maintenance`. */
import { ClosureRequest, type Closure, type RouteView } from '@casare/shared/api';
import { api } from '@casare/shared/client';
import { details, type Column } from '@casare/shared/terminal';
import type { Command } from 'commander';
import { UsageError } from './exit.ts';
import { openSession, type Surroundings } from './session.ts';

const ROUTE_COLUMNS: readonly Column<RouteView>[] = [
  ['ID', (route) => route.id],
  ['PAUSED', (route) => (route.paused ? 'yes' : 'no')],
  ['READY', (route) => String(route.ready)],
  ['SLOT', (route) => route.slot],
  ['SITE', (route) => route.site],
  ['CAPABILITIES', (route) => route.capabilities.join(' ')],
];
const WINDOW_COLUMNS: readonly Column<Closure>[] = [
  ['ID', (window) => window.id],
  ['CLOSED', (window) => (window.closed ? 'now' : 'no')],
  ['SCOPE', (window) => window.scope],
  ['TARGET', (window) => window.target],
  ['WHEN', (window) => timesOf(window)],
  ['REASON', (window) => window.reason],
];

export function addRouteCommands(program: Command, around: Surroundings): void {
  program
    .command('routes')
    .description('list routes: what jobs ask of agents, and how many wait')
    .option('--limit <n>', 'how many', Number)
    .option('--cursor <cursor>', 'the next page')
    .action(async (query: object, command: Command) => {
      const session = await openSession(command, around);
      session.list(await session.client.call(api.routes.list, { query }), ROUTE_COLUMNS);
    });
  const route = program.command('route').description('one route');
  for (const action of ['pause', 'resume'] as const) {
    route
      .command(`${action} <id>`)
      .description(action === 'pause' ? 'its jobs wait; what runs goes on' : 'its jobs start again')
      .action(async (id: string, _: object, command: Command) => {
        const session = await openSession(command, around);
        session.show(await session.client.call(api.routes.act, { params: { id, action } }), ({ paused }) =>
          details([
            ['route', id],
            ['paused', paused ? 'yes' : 'no'],
          ]),
        );
      });
  }
  addMaintenance(program, around);
}

function addMaintenance(program: Command, around: Surroundings): void {
  const maintenance = program.command('maintenance').description('maintenance windows');
  maintenance
    .command('list')
    .description('what is closed for a time')
    .option('--limit <n>', 'how many', Number)
    .option('--cursor <cursor>', 'the next page')
    .action(async (query: object, command: Command) => {
      const session = await openSession(command, around);
      session.list(await session.client.call(api.maintenance.list, { query }), WINDOW_COLUMNS);
    });
  maintenance
    .command('create <scope> <target>')
    .description('close a route, a site or an agent for new jobs: once, every week, or until it is removed')
    .requiredOption('--reason <text>', 'for the record')
    .option('--from <time>', 'once: when it begins, such as 2026-05-01T20:00:00Z')
    .option('--to <time>', 'once: when it ends')
    .option('--days <days>', 'every week: 1 is Monday, such as 1,3,7')
    .option('--start <time>', 'every week: time of day, such as 22:00')
    .option('--minutes <n>', 'every week: how long', Number)
    .option('--zone <name>', 'every week: time zone', 'UTC')
    .action(async (scope: string, target: string, options: Record<string, string>, command: Command) => {
      const parsed = ClosureRequest.safeParse({ scope, target, reason: options['reason'], times: timesFrom(options) });
      if (!parsed.success)
        throw new UsageError(
          parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '),
        );
      const session = await openSession(command, around);
      session.show(await session.client.call(api.maintenance.create, { body: parsed.data }), (window) =>
        details([
          ['id', window.id],
          ['when', timesOf(window)],
        ]),
      );
    });
  maintenance
    .command('remove <id>')
    .description('open what it closed, at once')
    .action(async (id: string, _: object, command: Command) => {
      const session = await openSession(command, around);
      await session.client.call(api.maintenance.remove, { params: { id } });
    });
}

function timesFrom({ from, to, days, start, minutes, zone }: Record<string, string>): object {
  if (from !== undefined || to !== undefined) return { kind: 'once', from, to };
  if (days === undefined) return { kind: 'always' };
  return { kind: 'weekly', days: days.split(',').map(Number), start, minutes, timeZone: zone };
}

function timesOf({ times }: Closure): string {
  if (times.kind === 'always') return 'until removed';
  if (times.kind === 'once') return `${times.from} to ${times.to}`;
  return `days ${times.days.join(',')} at ${times.start} for ${times.minutes} min, ${times.timeZone}`;
}
