/** `token …`: join tokens, which let new agents in. */
import type { JoinToken } from '@casare/shared/api';
import { api } from '@casare/shared/client';
import type { Column } from '@casare/shared/terminal';
import type { Command } from 'commander';
import { atDesk, example, type Surroundings } from './desk.ts';
import { each } from './each.ts';
import { usage, type ExitCode } from './exit.ts';
import { distance, seconds } from './time.ts';

interface CreateOptions {
  readonly site?: string;
  readonly tag: string[];
  readonly uses: string;
  readonly ttl: string;
  readonly autoApprove?: boolean;
}

export function addTokenCommands(program: Command, around: Surroundings, end: (code: ExitCode) => void): void {
  const token = program.command('token').description('join tokens for new agents');

  const create = token
    .command('create')
    .description('make a join token; it is shown once')
    .option('--site <name>', 'where the agents are')
    .option('--tag <capability>', 'granted to the agents; may be repeated', (tag, all: string[]) => [...all, tag], [])
    .option('--uses <n>', 'how many agents may use it', '1')
    .option('--ttl <time>', 'how long it is good', '15m')
    .option('--auto-approve', 'agents may run jobs without a person’s approval')
    .action(({ site, tag: tags, uses, ttl, autoApprove = false }: CreateOptions, command: Command) =>
      atDesk(command, around, async ({ client, show }) => {
        if (!/^\d{1,5}$/.test(uses)) throw usage(`${uses} is not a number of uses`);
        const given = { tags, uses: Number(uses), ttlSeconds: seconds(ttl), autoApprove };
        const made = await client.call(api.joinTokens.create, { body: { ...given, ...(site ? { site } : {}) } });
        show(made, ({ token: text, expiresAt }) => {
          around.error(`Good until ${expiresAt}. It is not shown again.\n`);
          return `${text}\n`;
        });
      }),
    );
  example(create, 'token create --ttl 1h', 'token create --site plant-2 --tag line=7 --uses 20 --ttl 8h');

  const list = token
    .command('list')
    .description('join tokens, newest first, without their secrets')
    .option('--limit <n>', 'how many', '50')
    .option('--cursor <cursor>', 'the next page')
    .action((query: { limit: string; cursor?: string }, command: Command) =>
      atDesk(command, around, async (desk) => {
        desk.list(await desk.client.call(api.joinTokens.list, { query }), columns(around.now()));
      }),
    );
  example(list, 'token list');

  const revoke = token
    .command('revoke')
    .description('revoke join tokens; agents that have enrolled stay')
    .argument('<id...>')
    .action((ids: string[], _: object, command: Command) =>
      atDesk(command, around, async (desk) => {
        const code = await each(desk, ids, {
          run: async (id) => {
            await desk.client.call(api.joinTokens.revoke, { params: { id } });
            return { id };
          },
          line: ({ id }) => `revoked ${id}`,
        });
        end(code);
      }),
    );
  example(revoke, 'token revoke Zk3vQ9cM');
}

function columns(now: Date): Column<JoinToken>[] {
  return [
    ['ID', ({ id }) => id],
    ['STATE', ({ state }) => state],
    ['USES LEFT', ({ usesLeft }) => usesLeft],
    ['SITE', ({ site }) => site],
    ['TAGS', ({ tags }) => tags.join(' ')],
    ['APPROVES', ({ autoApprove }) => (autoApprove ? 'yes' : 'no')],
    ['ENDS', ({ expiresAt }) => distance(expiresAt, now)],
  ];
}
