/** `lock`, `unlock`, `locks`: instant refusals. */
import { LockKind, type Lock } from '@casare/shared/api';
import { api } from '@casare/shared/client';
import type { Column } from '@casare/shared/terminal';
import type { Command } from 'commander';
import { atDesk, changeOf, changing, example, sayDryRun, type ChangeOptions, type Surroundings } from './desk.ts';
import { each } from './each.ts';
import { CliError, EXIT, usage, type ExitCode } from './exit.ts';
import { distance, seconds } from './time.ts';

export function addLockCommands(program: Command, around: Surroundings, end: (code: ExitCode) => void): void {
  const lock = changing(program.command('lock'))
    .description('refuse agents, tenants, serial numbers or CAs at once; live sessions end within two seconds')
    .argument('<kind/target...>', 'such as agent/0198…, tenant/acme, serial/01ab…, ca/0198…')
    .requiredOption('--reason <text>', 'why, for the audit log')
    .option('--ttl <time>', 'ends by itself after this time, such as 1h')
    .action((targets: string[], options: ChangeOptions & { reason: string; ttl?: string }, command: Command) => {
      const wanted = new Map(targets.map((target) => [target, parseTarget(target)]));
      const ttl = options.ttl === undefined ? {} : { ttlSeconds: seconds(options.ttl) };
      return atDesk(command, around, async (desk) => {
        sayDryRun(desk, options);
        const code = await each(desk, targets, {
          run: (target) => {
            const body = { ...wanted.get(target)!, reason: options.reason, ...ttl, ...changeOf(options) };
            return desk.client.call(api.locks.create, { body });
          },
          line: ({ id, kind, target, expiresAt }) => {
            return `locked ${kind}/${target}${expiresAt === null ? '' : ` until ${expiresAt}`} (lock ${id})`;
          },
        });
        end(code);
      });
    });
  example(
    lock,
    'lock agent/0198a7c0-0000-7000-8000-000000000000 --reason "laptop stolen"',
    'lock tenant/acme --reason incident --ttl 1h',
  );

  const unlock = changing(program.command('unlock'))
    .description('lift locks, by the id of a lock or by what is locked')
    .argument('<lock...>', 'ids of locks, or kind/target')
    .option('--reason <text>', 'why, for the audit log')
    .action((targets: string[], options: ChangeOptions & { reason?: string }, command: Command) =>
      atDesk(command, around, async (desk) => {
        const held = targets.some((target) => target.includes('/')) ? await heldLocks(desk.client) : [];
        const body = { ...(options.reason === undefined ? {} : { reason: options.reason }), ...changeOf(options) };
        sayDryRun(desk, options);
        const ids = targets.flatMap((target) => idsOf(target, held));
        const code = await each(desk, ids, {
          run: (id) => desk.client.call(api.locks.lift, { params: { id }, body }),
          line: ({ kind, target }) => `unlocked ${kind}/${target}`,
        });
        end(code);
      }),
    );
  example(unlock, 'unlock agent/0198a7c0-0000-7000-8000-000000000000', 'unlock 0198b001-0000-7000-8000-000000000000');

  const locks = program
    .command('locks')
    .description('locks that hold now; with --all also lifted and ended ones')
    .option('--all', 'all of them')
    .option('--limit <n>', 'how many', '50')
    .option('--cursor <cursor>', 'the next page')
    .action(({ all, ...page }: { all?: boolean; limit: string; cursor?: string }, command: Command) =>
      atDesk(command, around, async (desk) => {
        const query = { ...page, ...(all ? {} : { held: 'true' as const }) };
        desk.list(await desk.client.call(api.locks.list, { query }), columns(around.now()));
      }),
    );
  example(locks, 'locks', 'locks --all --output json');
}

function columns(now: Date): Column<Lock>[] {
  return [
    ['KIND', ({ kind }) => kind],
    ['TARGET', ({ target }) => target],
    ['REASON', ({ reason }) => reason],
    ['BY', ({ createdBy }) => createdBy],
    ['SINCE', ({ createdAt }) => distance(createdAt, now)],
    ['ENDS', ({ expiresAt, liftedAt }) => (liftedAt === null ? expiresAt && distance(expiresAt, now) : 'lifted')],
    ['ID', ({ id }) => id],
  ];
}

function parseTarget(text: string): { kind: LockKind; target: string } {
  const at = text.indexOf('/');
  const kind = LockKind.safeParse(text.slice(0, at));
  const target = text.slice(at + 1);
  if (at === -1 || !kind.success || target === '') {
    throw usage(`${text} is no target: write ${LockKind.options.join(', ')}, a slash and what is meant`);
  }
  return { kind: kind.data, target };
}

/** Every lock that holds. */
async function heldLocks(client: Parameters<Parameters<typeof atDesk>[2]>[0]['client']): Promise<Lock[]> {
  const found: Lock[] = [];
  let cursor: string | null = null;
  do {
    const query: { held: 'true'; limit: number; cursor?: string } = {
      held: 'true',
      limit: 200,
      ...(cursor === null ? {} : { cursor }),
    };
    const page = await client.call(api.locks.list, { query });
    found.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return found;
}

function idsOf(target: string, held: readonly Lock[]): string[] {
  if (!target.includes('/')) return [target];
  const wanted = parseTarget(target);
  const ids = held.filter((lock) => lock.kind === wanted.kind && lock.target === wanted.target).map(({ id }) => id);
  if (ids.length === 0) throw new CliError('LOCK_NOT_FOUND', `${target} is not locked: see \`locks\``, EXIT.notFound);
  return ids;
}
