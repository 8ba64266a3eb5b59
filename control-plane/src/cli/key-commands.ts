/** `casare keys create|list|rotate|revoke`. */
import { ApiKeyRequest, KeyRotation, Role, RolePermission, type ApiKey } from '@casare/shared/api';
import { api } from '@casare/shared/client';
import { details, type Column } from '@casare/shared/terminal';
import { Option, type Command } from 'commander';
import { UsageError } from './exit.ts';
import { parsed } from './inputs.ts';
import { openSession, type Surroundings } from './session.ts';

const KEY_COLUMNS: readonly Column<ApiKey>[] = [
  ['ID', (key) => key.id],
  ['NAME', (key) => key.name],
  ['ACCOUNT', (key) => key.account.email],
  ['ROLE', ({ role, scopes }) => (scopes === null ? role : `${role}: ${scopes.join(' ')}`)],
  ['STATE', (key) => key.state],
  ['EXPIRES', (key) => key.expiresAt ?? 'never'],
  ['LAST USED', (key) => key.lastUsedAt ?? 'never'],
  ['MADE BY', (key) => key.createdBy],
  ['REPLACED BY', (key) => key.replacedBy],
  ['PLATFORM', (key) => (key.platform ? 'yes' : '')],
];
const UNITS = { m: 60, h: 3_600, d: 86_400 } as const;

interface KeyOptions {
  readonly role?: Role;
  readonly scope?: string[];
  readonly site?: string[];
  readonly platform?: boolean;
  readonly expires?: number;
}

export function addKeyCommands(program: Command, around: Surroundings): void {
  const keys = program.command('keys').description('API keys');
  keys
    .command('create <name>')
    .description('make an API key that may no more than you may; it is shown once')
    .addOption(new Option('--role <role>', 'instead of your own').choices(Role.options))
    .addOption(
      new Option('--scope <permission>', 'only this permission of the role; may be repeated')
        .choices(RolePermission.options)
        .argParser((text: string, before: string[] | undefined) => [...(before ?? []), text]),
    )
    .option('--site <site...>', 'at these sites only')
    .option('--platform', 'it may also do what operators of the platform may, as you do')
    .option(
      '--expires <time>',
      'how long it is good, such as 90d, 12h or 30m; without it, it does not expire',
      lengthOfTime,
    )
    .action(async (name: string, options: KeyOptions, command: Command) => {
      const body = parsed(ApiKeyRequest, {
        name,
        ...(options.role === undefined ? {} : { role: options.role }),
        ...(options.scope === undefined ? {} : { scopes: options.scope }),
        ...(options.site === undefined ? {} : { sites: options.site }),
        ...(options.platform === undefined ? {} : { platform: options.platform }),
        ...(options.expires === undefined ? {} : { ttlSeconds: options.expires }),
      });
      const session = await openSession(command, around);
      session.show(await session.client.call(api.apiKeys.create, { body }), ({ key, id, expiresAt }) => {
        const end = expiresAt === null ? 'It does not expire' : `Good until ${expiresAt}`;
        session.terminal.err(`${end}. It is not shown again; revoke it with \`casare keys revoke ${id}\`.\n`);
        return `${key}\n`;
      });
    });
  keys
    .command('list')
    .description('list API keys, without their secrets')
    .option('--all', 'of everybody, not only yours')
    .option('--ended', 'also those that have expired or were revoked')
    .option('--limit <n>', 'how many', Number)
    .option('--cursor <cursor>', 'the next page')
    .action(async ({ all, ended, ...page }: { all?: boolean; ended?: boolean }, command: Command) => {
      const session = await openSession(command, around);
      const query = {
        ...page,
        of: all ? ('all' as const) : ('own' as const),
        ended: ended ? ('true' as const) : ('false' as const),
      };
      session.list(await session.client.call(api.apiKeys.list, { query }), KEY_COLUMNS);
    });
  keys
    .command('rotate <id>')
    .description('replace one of your keys by a new one for the same; it is shown once')
    .option(
      '--grace <time>',
      'how long the old one still works, such as 24h; without it, it ends at once',
      lengthOfTime,
    )
    .action(async (id: string, { grace }: { grace?: number }, command: Command) => {
      const body = parsed(KeyRotation, grace === undefined ? {} : { graceSeconds: grace });
      const session = await openSession(command, around);
      const rotated = await session.client.call(api.apiKeys.rotate, { params: { id }, body });
      session.show(rotated, ({ key, replaces }) => {
        session.terminal.err(`${replaces.id} ends at ${replaces.until}. The new key is not shown again.\n`);
        return `${key}\n`;
      });
    });
  keys
    .command('revoke <id>')
    .description('end an API key at once')
    .action(async (id: string, _: object, command: Command) => {
      const session = await openSession(command, around);
      await session.client.call(api.apiKeys.revoke, { params: { id } });
      session.show({ id, state: 'revoked' }, (shown) =>
        details([
          ['key', shown.id],
          ['state', shown.state],
        ]),
      );
    });
}

/** Seconds. @throws UsageError */
export function lengthOfTime(text: string): number {
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (count === undefined) throw new UsageError(`${text} is not a length of time such as 90d, 12h or 30m.`);
  return Number(count) * UNITS[unit as keyof typeof UNITS];
}
