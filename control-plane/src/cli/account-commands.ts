/** `casare accounts list|invite|role|disable|enable|end-sessions|delete`, `casare sessions list|end|end-others`. */
import { AccountAction, Role, type Account, type SessionView } from '@casare/shared/api';
import { api } from '@casare/shared/client';
import { details, type Column } from '@casare/shared/terminal';
import { Argument, Option, type Command } from 'commander';
import { lengthOfTime } from './key-commands.ts';
import { openSession, type Surroundings } from './session.ts';

const ACCOUNT_COLUMNS: readonly Column<Account>[] = [
  ['ID', (account) => account.id],
  ['EMAIL', (account) => account.email],
  ['ROLE', (account) => account.role],
  ['SITES', (account) => account.sites?.join(', ') ?? 'all'],
  ['STATE', (account) => account.state],
  ['LAST SIGN-IN', (account) => account.lastSignInAt ?? 'never'],
];
const SESSION_COLUMNS: readonly Column<SessionView>[] = [
  ['ID', (session) => session.id],
  ['ACCOUNT', (session) => session.account.email],
  ['SINCE', (session) => session.createdAt],
  ['LAST USED', (session) => session.lastUsedAt],
  ['ADDRESS', (session) => session.address],
  ['BROWSER', (session) => session.userAgent.slice(0, 60)],
];
const DOES: Readonly<Record<AccountAction, string>> = {
  disable: 'its sessions end and its keys stop at once',
  enable: 'it can sign in again, and its keys work again',
  'end-sessions': 'sign it out everywhere',
};

export function addAccountCommands(program: Command, around: Surroundings): void {
  const accounts = program.command('accounts').description('people');
  const show = (account: Account) =>
    details([
      ['id', account.id],
      ['e-mail', account.email],
      ['role', account.role],
      ['sites', account.sites?.join(', ') ?? 'all'],
      ['state', account.state],
    ]);
  accounts
    .command('list')
    .description('list accounts')
    .option('--limit <n>', 'how many', Number)
    .option('--cursor <cursor>', 'the next page')
    .action(async (query: object, command: Command) => {
      const session = await openSession(command, around);
      session.list(await session.client.call(api.accounts.list, { query }), ACCOUNT_COLUMNS);
    });
  accounts
    .command('invite <email>')
    .description('make an account and a link by which its person chooses a password; the link is shown once')
    .addOption(new Option('--role <role>', 'what the person may do').choices(Role.options).makeOptionMandatory())
    .option('--site <site...>', 'the role holds at these sites only')
    .option('--expires <time>', 'how long the link is good, such as 7d or 12h', lengthOfTime, 7 * 86_400)
    .action(async (email: string, given: { role: Role; expires: number; site?: string[] }, command: Command) => {
      const { role, expires, site = null } = given;
      const session = await openSession(command, around);
      const body = { email, role, sites: site, ttlSeconds: expires };
      session.show(await session.client.call(api.accounts.invite, { body }), ({ url, mailedTo, expiresAt }) => {
        if (url === null) return `An invitation was sent to ${mailedTo}, good until ${expiresAt}.\n`;
        session.terminal.err(`Good until ${expiresAt}, once. Give it to that person alone; it is not shown again.\n`);
        return `${url}\n`;
      });
    });
  accounts
    .command('role <id>')
    .description('give an account another role')
    .addArgument(new Argument('<role>').choices(Role.options))
    .option('--site <site...>', 'at these sites only')
    .option('--everywhere', 'at all sites; without either the sites stay as they are')
    .action(async (id: string, role: Role, given: { site?: string[]; everywhere?: boolean }, command: Command) => {
      const session = await openSession(command, around);
      const sites = given.everywhere === true ? null : given.site;
      const body = { role, ...(sites === undefined ? {} : { sites }) };
      session.show(await session.client.call(api.accounts.setRole, { params: { id }, body }), show);
    });
  accounts
    .command('platform <id>')
    .description("make an account of the operator's tenant an operator of the platform, who looks after all tenants")
    .addArgument(new Argument('<on|off>').choices(['on', 'off']))
    .action(async (id: string, on: string, _: object, command: Command) => {
      const session = await openSession(command, around);
      const body = { platform: on === 'on' };
      session.show(await session.client.call(api.accounts.setPlatform, { params: { id }, body }), show);
    });
  for (const action of AccountAction.options) {
    accounts
      .command(`${action} <id>`)
      .description(DOES[action])
      .action(async (id: string, _: object, command: Command) => {
        const session = await openSession(command, around);
        session.show(await session.client.call(api.accounts.act, { params: { id, action } }), show);
      });
  }
  accounts
    .command('reset-second-factor <id>')
    .description('for somebody who has lost it: only the password is asked for, until they set one up again')
    .action(async (id: string, _: object, command: Command) => {
      const session = await openSession(command, around);
      session.show(await session.client.call(api.accounts.resetSecondFactor, { params: { id } }), show);
    });
  accounts
    .command('delete <id>')
    .description(
      'remove an account for good; the audit log keeps who it was. To keep somebody out for a while, disable',
    )
    .action(async (id: string, _: object, command: Command) => {
      const session = await openSession(command, around);
      await session.client.call(api.accounts.delete, { params: { id } });
      session.show({ id, state: 'deleted' }, () => `${id} is deleted.\n`);
    });
  addSessionCommands(program, around);
}

function addSessionCommands(program: Command, around: Surroundings): void {
  const sessions = program.command('sessions').description('where people are signed in');
  sessions
    .command('list')
    .description('list open sessions')
    .option('--all', 'of everybody, not only yours')
    .option('--limit <n>', 'how many', Number)
    .option('--cursor <cursor>', 'the next page')
    .action(async ({ all, ...page }: { all?: boolean }, command: Command) => {
      const session = await openSession(command, around);
      const query = { ...page, of: all ? ('all' as const) : ('own' as const) };
      session.list(await session.client.call(api.sessions.list, { query }), SESSION_COLUMNS);
    });
  sessions
    .command('end <id>')
    .description('end a session at once')
    .action(async (id: string, _: object, command: Command) => {
      const session = await openSession(command, around);
      await session.client.call(api.sessions.end, { params: { id } });
    });
  sessions
    .command('end-others')
    .description('sign out everywhere')
    .action(async (_: object, command: Command) => {
      const session = await openSession(command, around);
      session.show(await session.client.call(api.sessions.endOthers), ({ ended }) => `${ended} ended\n`);
    });
}
