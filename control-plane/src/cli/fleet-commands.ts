/** `casare agents`, `agent show | set | …`, `token create`. */
import { AgentAction, AgentUpdate, type Agent } from '@casare/shared/api';
import { api } from '@casare/shared/client';
import { details, type Column } from '@casare/shared/terminal';
import type { Command } from 'commander';
import { UsageError } from './exit.ts';
import { parsed } from './inputs.ts';
import { openSession, type Surroundings } from './session.ts';

const AGENT_COLUMNS: readonly Column<Agent>[] = [
  ['ID', (agent) => agent.id],
  ['NAME', (agent) => agent.name],
  ['STATE', (agent) => stateOf(agent)],
  ['CONNECTED', (agent) => (agent.connected ? 'yes' : 'no')],
  ['SITE', (agent) => agent.site],
  [
    'BUSY',
    ({ busy, slots }) => (['plain', 'browser', 'desktop'] as const).map((k) => `${busy[k]}/${slots[k]}`).join(' '),
  ],
  ['OS', (agent) => agent.facts?.os],
];

export function addFleetCommands(program: Command, around: Surroundings): void {
  program
    .command('agents')
    .description('list agents')
    .option('--state <state>', 'in this state')
    .option('--site <site>', 'of this site')
    .option('--tag <tag>', 'with this label, name or name=value')
    .option('--q <text>', 'with this in the name')
    .option('--sort <order>', 'createdAt or name; a minus before it turns it round, -createdAt is usual')
    .option('--limit <n>', 'how many', Number)
    .option('--cursor <cursor>', 'the next page')
    .action(async (query: object, command: Command) => {
      const session = await openSession(command, around);
      session.list(await session.client.call(api.agents.list, { query }), AGENT_COLUMNS);
    });

  const agent = program.command('agent').description('one agent');
  for (const action of AgentAction.options) {
    agent
      .command(`${action} <id>`)
      .description(`${action} it`)
      .action(async (id: string, _: object, command: Command) => {
        const session = await openSession(command, around);
        const changed = await session.client.call(api.agents.act, { params: { id, action } });
        session.show(changed, (shown) =>
          details([
            ['name', shown.name],
            ['state', stateOf(shown)],
          ]),
        );
      });
  }
  agent
    .command('show <id>')
    .description('show it')
    .action(async (id: string, _: object, command: Command) => {
      const session = await openSession(command, around);
      session.show(await session.client.call(api.agents.get, { params: { id } }), detailsOf);
    });
  agent
    .command('set <id>')
    .description('give it another name, site or grants; jobs are routed by them at once')
    .option('--name <name>', 'what it is called')
    .option('--site <name>', 'where it is')
    .option('--no-site', 'at no site')
    .option('--grant <label>', 'a label that it gets, name or name=value; may be repeated', several, [])
    .option('--remove-grant <label>', 'a label that it loses; may be repeated', several, [])
    .action(async (id: string, { name, site, grant, removeGrant }: SetOptions, command: Command) => {
      const said = {
        ...(name === undefined ? {} : { name }),
        ...(site === undefined ? {} : { site: site === false ? null : site }),
        ...(grant.length === 0 ? {} : { addGrants: grant }),
        ...(removeGrant.length === 0 ? {} : { removeGrants: removeGrant }),
      };
      const body = parsed(AgentUpdate, said);
      const session = await openSession(command, around);
      session.show(await session.client.call(api.agents.update, { params: { id }, body }), detailsOf);
    });

  const token = program.command('token').description('join tokens');
  token
    .command('create')
    .description('make a join token for new agents; it is shown once')
    .option('--site <name>', 'where the agents are')
    .option('--tag <capability>', 'granted to the agents; may be repeated', several, [])
    .option('--uses <n>', 'how many agents may use it', whole)
    .option('--ttl <seconds>', 'how long it is good', whole)
    .option('--auto-approve', 'agents may run jobs without a person’s approval')
    .option('--host <pattern>', 'only hosts of such names (vdi-*); may be repeated', several, [])
    .option('--network <cidr>', 'only from such addresses (10.1.0.0/16); may be repeated', several, [])
    .option('--ephemeral', 'for agents that enrol anew at each start and vanish when they have left')
    .action(async (options: TokenOptions, command: Command) => {
      const session = await openSession(command, around);
      const { site, uses, ttl: ttlSeconds, autoApprove, ephemeral } = options;
      const lists = { tags: options.tag, hosts: options.host, networks: options.network };
      const values = Object.entries({ site, uses, ttlSeconds, autoApprove, ephemeral });
      const given = values.filter(([, value]) => value !== undefined);
      const made = await session.client.call(api.joinTokens.create, {
        body: { ...lists, ...Object.fromEntries(given) },
      });
      session.show(made, ({ token: text, expiresAt }) => {
        session.terminal.err(`Good until ${expiresAt}. It is not shown again.\n`);
        return `${text}\n`;
      });
    });
}

function several(text: string, before: string[]): string[] {
  return [...before, text];
}

function detailsOf(agent: Agent): string {
  return details([
    ['name', agent.name],
    ['state', stateOf(agent)],
    ['connected', agent.connected ? 'yes' : 'no'],
    ['site', agent.site],
    ['grants', agent.grants.join(' ')],
    ['probed', agent.capabilities.join(' ')],
    ['declared', agent.declared.join(' ')],
  ]);
}

/** With how much an agent that is drained still has to do. */
function stateOf({ state, busy, drainedAt }: Agent): string {
  if (state !== 'draining') return state;
  const runs = busy.plain + busy.browser + busy.desktop;
  return drainedAt !== null ? 'draining: empty' : `draining: ${runs} ${runs === 1 ? 'run' : 'runs'} left`;
}

interface SetOptions {
  readonly name?: string;
  /** False: at none. */
  readonly site?: string | false;
  readonly grant: string[];
  readonly removeGrant: string[];
}

interface TokenOptions {
  readonly site?: string;
  readonly tag: string[];
  readonly uses?: number;
  readonly ttl?: number;
  readonly autoApprove?: boolean;
  readonly host: string[];
  readonly network: string[];
  readonly ephemeral?: boolean;
}

function whole(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`${text} is not a whole number.`);
  return Number(text);
}
