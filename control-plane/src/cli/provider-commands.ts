/** `casare provider list|create|change|delete`: who says for the tenant who somebody is. */
import { ProviderChange, ProviderRequest, type Provider } from '@casare/shared/api';
import { api, ApiError, type Client } from '@casare/shared/client';
import type { Column } from '@casare/shared/terminal';
import type { Command } from 'commander';
import type { z } from 'zod';
import { UsageError } from './exit.ts';
import { readInput, readText } from './inputs.ts';
import { openSession, type Surroundings } from './session.ts';

const COLUMNS: readonly Column<Provider>[] = [
  ['ID', (provider) => provider.id],
  ['NAME', (provider) => provider.name],
  ['KIND', (provider) => provider.kind],
  ['ISSUER', (provider) => provider.issuer],
  ['CLIENT', (provider) => provider.clientId],
  ['ROLES', ({ roles }) => roles.map(({ group, role }) => `${group}=${role}`).join(' ')],
];
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** A tenant has fewer. */
const PAGE = 200;

export function addProviderCommands(program: Command, around: Surroundings): void {
  const providers = program.command('provider').description('who says who somebody is, besides us');
  providers
    .command('list')
    .description('list them')
    .action(async (_: object, command: Command) => {
      const session = await openSession(command, around);
      session.list(await session.client.call(api.providers.list, { query: { limit: PAGE } }), COLUMNS);
    });
  providers
    .command('create <file>')
    .description('add the one that a JSON file describes, as POST /identity-providers has it')
    .option('--secret-file <file>', "with the client's secret, so that it need not be in the other one")
    .action(async (file: string, { secretFile }: { secretFile?: string }, command: Command) => {
      const body = parsed(ProviderRequest, await described(file, secretFile));
      const session = await openSession(command, around);
      session.show(await session.client.call(api.providers.create, { body }), ({ id }) => `${id}\n`);
    });
  providers
    .command('change <provider> <file>')
    .description('change what a JSON file says; the rest stays')
    .option('--secret-file <file>', "with the client's next secret")
    .action(async (reference: string, file: string, { secretFile }: { secretFile?: string }, command: Command) => {
      const body = parsed(ProviderChange, await described(file, secretFile));
      const session = await openSession(command, around);
      const params = { id: await idOf(session.client, reference) };
      session.show(await session.client.call(api.providers.change, { params, body }), ({ id }) => `${id}\n`);
    });
  providers
    .command('delete <provider>')
    .description('remove it, and end the sessions that it opened; accounts stay')
    .action(async (reference: string, _: object, command: Command) => {
      const session = await openSession(command, around);
      await session.client.call(api.providers.remove, { params: { id: await idOf(session.client, reference) } });
    });
}

async function described(file: string, secretFile: string | undefined): Promise<object> {
  const given = await readInput(file, []);
  return secretFile === undefined ? { ...given } : { ...given, clientSecret: (await readText(secretFile)).trim() };
}

function parsed<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new UsageError(result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
}

/** An id, or the id of the provider with this name. */
async function idOf(client: Client, reference: string): Promise<string> {
  if (UUID.test(reference)) return reference;
  const { items } = await client.call(api.providers.list, { query: { limit: PAGE } });
  const found = items.find(({ name }) => name === reference);
  if (found !== undefined) return found.id;
  const title = `There is no provider called ${reference}.`;
  const fix = 'List them: `casare provider list`.';
  throw new ApiError({ type: 'about:blank', status: 404, code: 'PROVIDER_NOT_FOUND', title, fix });
}
