/** `casare secrets set|list|versions|delete|rotate-master`, and those that seal. */
import { SecretRequest, type MasterRotation, type Secret, type SecretVersion } from '@casare/shared/api';
import { api } from '@casare/shared/client';
import type { Column } from '@casare/shared/terminal';
import type { Command } from 'commander';
import { UsageError } from './exit.ts';
import { addSealCommands } from './seal-commands.ts';
import { aboutOf, type AboutOptions, aboutOptions, replacedAfter, showSecret } from './secret-about.ts';
import { processInput, readValue } from './secret-input.ts';
import { openSession, type Session, type Surroundings } from './session.ts';

const SECRET_COLUMNS: readonly Column<Secret>[] = [
  ['NAME', (secret) => secret.name],
  ['VERSION', (secret) => String(secret.version)],
  ['MODE', (secret) => secret.mode],
  ['SINCE', (secret) => secret.versionAt],
  ['LAST USED', (secret) => secret.lastUsedAt ?? 'never'],
  ['STEPS', (secret) => secret.allowedSteps?.join(' ') ?? 'all'],
  ['ORIGINS', (secret) => secret.allowedOrigins?.join(' ') ?? 'all'],
  ['REPLACE', (secret) => (secret.rotationDue ? 'DUE' : replacedAfter(secret))],
  ['DESCRIPTION', (secret) => secret.description],
];
const VERSION_COLUMNS: readonly Column<SecretVersion>[] = [
  ['VERSION', (version) => String(version.version)],
  ['SINCE', (version) => version.createdAt],
  ['BY', (version) => version.createdBy],
  ['MASTER KEY', (version) => version.masterKey ?? 'none: sealed'],
];

interface SetOptions extends AboutOptions {
  readonly map?: boolean;
  readonly member?: readonly string[];
  readonly about?: boolean;
}

export function addSecretCommands(program: Command, around: Surroundings): void {
  const secrets = program.command('secrets').description('secrets of workflows');
  const again = (text: string, before: string[] | undefined) => [...(before ?? []), text];
  aboutOptions(secrets.command('set <name>'))
    .description('store a new version of a secret: its value is piped in, or typed at the terminal')
    .option('--map', 'what is piped in is a JSON object of texts')
    .option('--member <member>', 'type the value of this member of a map; may be repeated', again)
    .option('--about', 'keep the value, and change only what is said about it')
    .action(async (name: string, options: SetOptions, command: Command) => {
      const about = aboutOf(options);
      if (options.about === true && Object.keys(about).length === 0)
        throw new UsageError('There is nothing to change.');
      const { map = false, member: members = [] } = options;
      const value =
        options.about === true ? {} : { value: await readValue(around.input ?? processInput(), { map, members }) };
      const body = SecretRequest.safeParse({ ...about, ...value });
      if (!body.success)
        throw new UsageError(body.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
      const session = await openSession(command, around);
      showSecret(session, await session.client.call(api.secrets.set, { params: { name }, body: body.data }));
    });
  secrets
    .command('list')
    .description('list secrets, without their values')
    .option('--limit <n>', 'how many', Number)
    .option('--cursor <cursor>', 'the next page')
    .action(async (query: object, command: Command) => {
      const session = await openSession(command, around);
      session.list(await session.client.call(api.secrets.list, { query }), SECRET_COLUMNS);
    });
  secrets
    .command('versions <name>')
    .description('list the versions of a secret that are kept')
    .option('--limit <n>', 'how many', Number)
    .option('--cursor <cursor>', 'the next page')
    .action(async (name: string, query: object, command: Command) => {
      const session = await openSession(command, around);
      session.list(await session.client.call(api.secrets.versions, { params: { name }, query }), VERSION_COLUMNS);
    });
  secrets
    .command('delete <name>')
    .description('delete a secret with all its versions, or one older version')
    .option('--version <n>', 'only this version', Number)
    .action(async (name: string, { version }: { version?: number }, command: Command) => {
      const session = await openSession(command, around);
      if (version === undefined) await session.client.call(api.secrets.delete, { params: { name } });
      else await session.client.call(api.secrets.deleteVersion, { params: { name, version } });
      session.show({ name, version: version ?? null, state: 'deleted' }, () => `${name} is deleted.\n`);
    });
  addSealCommands(secrets, around);
  secrets
    .command('rotate-master')
    .description('put all secrets of the installation under a new master key, or go on with doing so')
    .action(async (_: object, command: Command) => {
      const session = await openSession(command, around);
      const done = await rotateMaster(session, around.signal);
      session.show(done, ({ current }) => `All secrets are under ${current}.\n`);
    });
}

async function rotateMaster({ client, terminal }: Session, signal: AbortSignal): Promise<MasterRotation> {
  let state = await client.call(api.secrets.rotateMaster, { body: {} });
  while (!state.done) {
    signal.throwIfAborted();
    terminal.err(`${state.remaining} versions are still under the old key.\n`);
    state = await client.call(api.secrets.rotateMaster, { body: { to: state.current } });
  }
  return state;
}
