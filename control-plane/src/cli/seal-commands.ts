/** `casare secrets seal|reseal|agents|recipients`: values are sealed here, and leave this process as ciphertexts alone. */
import { type SealedRecipient, type SealingKey, SealRequest, type Secret } from '@casare/shared/api';
import { api, ApiError } from '@casare/shared/client';
import { SecretRules, SecretValue } from '@casare/shared/protocol';
import { sealTo } from '@casare/shared/sealing';
import type { Column } from '@casare/shared/terminal';
import type { Command } from 'commander';
import { UsageError } from './exit.ts';
import { earlier, judged, type Named, namedAgent } from './recipients.ts';
import { aboutOf, type AboutOptions, aboutOptions, showSecret } from './secret-about.ts';
import { processInput, readValue } from './secret-input.ts';
import { SealingPins } from './sealing-pins.ts';
import { openSession, type Session, type Surroundings } from './session.ts';
import { sealingPinsFile } from './settings.ts';

const KEY_COLUMNS: readonly Column<SealingKey>[] = [
  ['AGENT', (key) => key.agent],
  ['ID', (key) => key.agentId],
  ['STATE', (key) => key.state],
  ['FINGERPRINT', (key) => key.fingerprint ?? 'none: of an earlier version'],
];
const RECIPIENT_COLUMNS: readonly Column<SealedRecipient>[] = [
  ['AGENT', (one) => one.agent],
  ['ID', (one) => one.agentId],
  ['SEALED TO', (one) => one.fingerprint],
  ['OPENS', (one) => (one.opens ? 'yes' : 'NO: it has another key, reseal')],
];

interface SealOptions extends AboutOptions {
  readonly agent?: readonly Named[];
  readonly without?: readonly string[];
  readonly map?: boolean;
  readonly member?: readonly string[];
}

export function addSealCommands(secrets: Command, around: Surroundings): void {
  const again = (text: string, before: string[] | undefined) => [...(before ?? []), text];
  const agents = (text: string, before: Named[] | undefined) => [...(before ?? []), namedAgent(text)];
  const seal = (command: Command) =>
    aboutOptions(command)
      .option('--agent <agent>', 'for this agent, NAME or NAME=FINGERPRINT; may be repeated', agents)
      .option('--map', 'what is piped in is a JSON object of texts')
      .option('--member <member>', 'type the value of this member of a map; may be repeated', again);
  seal(secrets.command('seal <name>'))
    .description('seal a value to agents, here, so that the control plane cannot read it')
    .action(async (name: string, options: SealOptions, command: Command) => {
      const { agent: named = [] } = options;
      if (named.length === 0) throw new UsageError('Name the agents: --agent NAME=FINGERPRINT.');
      const session = await openSession(command, around);
      const before = await known(session, name);
      await sealAnew(session, around, name, before, named, options);
    });
  seal(secrets.command('reseal <name>'))
    .description('seal a value to the agents that have the secret, and to more')
    .option('--without <agent>', 'not to this agent any more; may be repeated', again)
    .action(async (name: string, options: SealOptions, command: Command) => {
      const { agent: more = [], without = [] } = options;
      const session = await openSession(command, around);
      const before = await session.client.call(api.secrets.get, { params: { name } });
      const left = new Set([...without, ...more.map(({ reference }) => reference)]);
      const pins = await SealingPins.open(sealingPinsFile(around.env), session.server.url);
      const kept = await earlier(session, pins, name, left);
      await sealAnew(session, around, name, before, [...kept, ...more], options);
    });
  secrets
    .command('agents [agent]')
    .description('list agents with the fingerprints of the keys that secrets are sealed to')
    .option('--limit <n>', 'how many', Number)
    .option('--cursor <cursor>', 'the next page')
    .action(async (agent: string | undefined, query: object, command: Command) => {
      const session = await openSession(command, around);
      session.list(await session.client.call(api.secrets.sealingKeys, { query: { ...query, agent } }), KEY_COLUMNS);
    });
  secrets
    .command('recipients <name>')
    .description('list the agents that a secret is sealed to')
    .option('--limit <n>', 'how many', Number)
    .option('--cursor <cursor>', 'the next page')
    .action(async (name: string, query: object, command: Command) => {
      const session = await openSession(command, around);
      session.list(await session.client.call(api.secrets.recipients, { params: { name }, query }), RECIPIENT_COLUMNS);
    });
}

/** Keys are judged before the value is asked for. */
async function sealAnew(
  session: Session,
  around: Surroundings,
  name: string,
  before: Secret | null,
  named: readonly Named[],
  options: SealOptions,
): Promise<void> {
  const about = aboutOf(options);
  const pins = await SealingPins.open(sealingPinsFile(around.env), session.server.url);
  const recipients = await judged(session, pins, named);
  const rules = SecretRules.safeParse({
    steps: ruleOf(about['allowedSteps'], before?.allowedSteps),
    origins: ruleOf(about['allowedOrigins'], before?.allowedOrigins),
  });
  const { map = false, member: members = [] } = options;
  const value = SecretValue.safeParse(await readValue(around.input ?? processInput(), { map, members }));
  if (!rules.success || !value.success) {
    const issues = [...(rules.error?.issues ?? []), ...(value.error?.issues ?? [])];
    throw new UsageError(issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
  }
  const version = (before?.version ?? 0) + 1;
  const content = { value: value.data, rules: rules.data };
  const sealed = recipients.map(async ({ tenant, agentId, publicKey }) => {
    return { agentId, publicKey, sealed: await sealTo(publicKey, { tenant, name, version, agentId }, content) };
  });
  const { steps = null, origins = null } = rules.data;
  const said = { ...about, allowedSteps: steps, allowedOrigins: origins };
  const body = SealRequest.parse({ ...said, version, sealed: await Promise.all(sealed) });
  showSecret(session, await session.client.call(api.secrets.seal, { params: { name }, body }));
  session.terminal.err(`Sealed to ${recipients.map(({ agent }) => agent).join(', ')}.\n`);
}

/** Undefined: no rule. */
function ruleOf(given: unknown, before: string[] | null | undefined): unknown {
  return (given === undefined ? before : given) ?? undefined;
}

async function known({ client }: Session, name: string): Promise<Secret | null> {
  try {
    return await client.call(api.secrets.get, { params: { name } });
  } catch (error) {
    if (error instanceof ApiError && error.problem.code === 'SECRET_NOT_FOUND') return null;
    throw error;
  }
}
