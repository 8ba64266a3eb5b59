/** `casare tenants create|list|show|suspend|resume|quota|retention`, for operators of the platform, and `casare tenant` for one's own. */
import type { Deletion, Tenant, TenantSummary } from '@casare/shared/api';
import { api } from '@casare/shared/client';
import { details, type Column } from '@casare/shared/terminal';
import type { Command } from 'commander';
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { UsageError } from './exit.ts';
import { lengthOfTime } from './key-commands.ts';
import { openSession, type Surroundings } from './session.ts';

const COLUMNS: readonly Column<TenantSummary>[] = [
  ['ID', (tenant) => tenant.id],
  ['NAME', (tenant) => tenant.name],
  ['STATE', (tenant) => tenant.state],
  ['SINCE', (tenant) => tenant.stateSince],
  ['QUOTAS', ({ quotas }) => quotasText(quotas)],
];
const QUOTAS = {
  agents: ['--agents <n>', 'agents that may be enrolled'],
  concurrentJobs: ['--concurrent-jobs <n>', 'jobs that agents may have at once'],
  queuedJobs: ['--queued-jobs <n>', 'jobs that may wait'],
  storedBytes: ['--stored-bytes <n>', 'bytes of artifacts'],
} as const;
const RETENTION = {
  jobsDays: ['--jobs-days <n>', 'jobs with all that belongs to them'],
  logsDays: ['--logs-days <n>', 'lines of logs'],
  artifactsDays: ['--artifacts-days <n>', 'artifacts'],
} as const;

export function addTenantCommands(program: Command, around: Surroundings): void {
  const tenants = program.command('tenants').description('tenants, for operators of the platform');
  tenants
    .command('list')
    .description('list tenants')
    .option('--limit <n>', 'how many', Number)
    .option('--cursor <cursor>', 'the next page')
    .action(async (query: object, command: Command) => {
      const session = await openSession(command, around);
      session.list(await session.client.call(api.tenants.list, { query }), COLUMNS);
    });
  const create = tenants
    .command('create <id>')
    .description('make a tenant with its agent CA, and a link by which its owner joins; the link is shown once')
    .requiredOption('--owner <email>', 'the first owner')
    .option('--name <name>', 'what people call it; its id unless said otherwise')
    .option('--expires <time>', 'how long the link is good, such as 7d or 12h', lengthOfTime, 7 * 86_400);
  withLimits(create, QUOTAS).action(
    async (id: string, options: { owner: string; name?: string; expires: number }, command: Command) => {
      const session = await openSession(command, around);
      const { owner, name = id, expires } = options;
      const body = { id, name, owner, ttlSeconds: expires, quotas: limitsOf(options, QUOTAS) };
      session.show(await session.client.call(api.tenants.create, { body }), ({ invitation }) => {
        const { email, expiresAt } = invitation;
        session.terminal.err(`For ${email}, good until ${expiresAt}, once. It is not shown again.\n`);
        return `${invitation.url}\n`;
      });
    },
  );
  tenants
    .command('show <id>')
    .description('show a tenant, its quotas and what it uses of them')
    .action(async (tenant: string, _: object, command: Command) => {
      const session = await openSession(command, around);
      session.show(await session.client.call(api.tenants.get, { params: { tenant } }), show);
    });
  tenants
    .command('suspend <id>')
    .description('close its tunnels and let nothing be changed; jobs and records are kept')
    .requiredOption('--reason <text>', 'why; its people see it')
    .action(async (tenant: string, { reason }: { reason: string }, command: Command) => {
      const session = await openSession(command, around);
      const body = { reason };
      session.show(await session.client.call(api.tenants.suspend, { params: { tenant }, body }), show);
    });
  tenants
    .command('resume <id>')
    .description('let a suspended tenant go on')
    .action(async (tenant: string, _: object, command: Command) => {
      const session = await openSession(command, around);
      session.show(await session.client.call(api.tenants.resume, { params: { tenant } }), show);
    });
  withLimits(
    tenants.command('quota <id>').description('change what a tenant may use; `none` takes a quota away'),
    QUOTAS,
  ).action(async (tenant: string, options: object, command: Command) => {
    const session = await openSession(command, around);
    const body = limitsOf(options, QUOTAS);
    session.show(await session.client.call(api.tenants.setQuotas, { params: { tenant }, body }), show);
  });
  withLimits(
    tenants
      .command('retention <id>')
      .description('change how many days what is over is kept; `none`: as long as the installation does'),
    RETENTION,
  ).action(async (tenant: string, options: object, command: Command) => {
    const session = await openSession(command, around);
    const body = limitsOf(options, RETENTION);
    session.show(await session.client.call(api.tenants.setRetention, { params: { tenant }, body }), show);
  });
  addEndings(tenants, around);
  const own = program.command('tenant').description('your own tenant');
  own
    .command('show', { isDefault: true })
    .description('its quotas, what it uses of them, and how long it keeps what is over')
    .action(async (_: object, command: Command) => {
      const session = await openSession(command, around);
      session.show(await session.client.call(api.tenant.get), show);
    });
  withLimits(own.command('retention').description('change how many days what is over is kept'), RETENTION).action(
    async (options: object, command: Command) => {
      const session = await openSession(command, around);
      const body = limitsOf(options, RETENTION);
      session.show(await session.client.call(api.tenant.setRetention, { body }), show);
    },
  );
}

/** Export and deletion. */
function addEndings(tenants: Command, around: Surroundings): void {
  tenants
    .command('export <id>')
    .description('save everything of a tenant as a zip; suspend it first, so that nothing changes meanwhile')
    .option('--file <file>', 'where to; tenant-<id>.zip unless said otherwise')
    .action(async (tenant: string, { file = `tenant-${tenant}.zip` }: { file?: string }, command: Command) => {
      const session = await openSession(command, around);
      const response = await session.client.call(api.tenants.export, { params: { tenant } });
      // Never over a file that is there.
      await pipeline(Readable.fromWeb(response.body as never), createWriteStream(file, { flags: 'wx', mode: 0o600 }));
      session.show({ tenant, file }, (saved) => `${saved.file}\n`);
    });
  tenants
    .command('delete <id>')
    .description('delete a suspended tenant for good')
    .requiredOption('--confirm <id>', 'its id once more')
    .action(async (tenant: string, query: { confirm: string }, command: Command) => {
      const session = await openSession(command, around);
      session.show(await session.client.call(api.tenants.delete, { params: { tenant }, query }), showDeletion);
    });
  tenants
    .command('deletion <id>')
    .description('show how a deletion goes, and its report: what was removed, and that nothing is left')
    .action(async (tenant: string, _: object, command: Command) => {
      const session = await openSession(command, around);
      session.show(await session.client.call(api.tenants.deletion, { params: { tenant } }), showDeletion);
    });
}

function showDeletion({ tenant, state, askedBy, askedAt, finishedAt, report }: Deletion): string {
  const rows = [...(report?.tables ?? []), ...(report?.folders ?? [])].filter(({ removed }) => removed > 0);
  return details([
    ['tenant', tenant],
    ['state', state],
    ['asked', `${askedAt} by ${askedBy}`],
    ['finished', finishedAt ?? 'not yet'],
    ...rows.map(({ name, removed, left }): [string, string] => [name, `${removed} removed, ${left} left`]),
  ]);
}

type Limits = Readonly<Record<string, readonly [flag: string, text: string]>>;

function withLimits(command: Command, limits: Limits): Command {
  for (const [flag, text] of Object.values(limits)) command.option(flag, text, limitOf);
  return command;
}

/** Those of the options that are limits. */
function limitsOf<L extends Limits>(options: object, limits: L): { [K in keyof L]?: number | null } {
  const given = options as Record<string, number | null | undefined>;
  const named = Object.keys(limits).filter((name) => given[name] !== undefined);
  return Object.fromEntries(named.map((name) => [name, given[name]])) as { [K in keyof L]?: number | null };
}

/** @throws UsageError */
function limitOf(text: string): number | null {
  if (text === 'none') return null;
  if (!/^\d{1,15}$/.test(text)) throw new UsageError(`${text} is neither a number nor \`none\`.`);
  return Number(text);
}

function show(tenant: Tenant): string {
  const { use, quotas, retention } = tenant;
  const kept = (days: number | null) => (days === null ? 'as long as the installation does' : `${days} days`);
  return details([
    ['id', tenant.id],
    ['name', tenant.name],
    ['state', tenant.stateReason === '' ? tenant.state : `${tenant.state}: ${tenant.stateReason}`],
    ['agents', of(use.agents, quotas.agents)],
    ['jobs at once', of(use.concurrentJobs, quotas.concurrentJobs)],
    ['jobs waiting', of(use.queuedJobs, quotas.queuedJobs)],
    ['bytes stored', of(use.storedBytes, quotas.storedBytes)],
    ['keeps jobs', kept(retention.jobsDays)],
    ['keeps logs', kept(retention.logsDays)],
    ['keeps artifacts', kept(retention.artifactsDays)],
    ['trust domain', tenant.trustDomain],
  ]);
}

function of(used: number, quota: number | null): string {
  return quota === null ? `${used}` : `${used} of ${quota}`;
}

function quotasText(quotas: TenantSummary['quotas']): string {
  const set = Object.entries(quotas).filter(([, quota]) => quota !== null);
  return set.map(([name, quota]) => `${name} ${quota}`).join(', ');
}
