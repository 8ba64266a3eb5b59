/** `casare alerts list`, `casare alerts channels …` and `casare alerts rules …`. */
import {
  AlertChannelRequest,
  AlertKind,
  AlertRuleRequest,
  type Alert,
  type AlertChannel,
  type AlertRule,
} from '@casare/shared/api';
import { api, ApiError, type Client } from '@casare/shared/client';
import type { Column } from '@casare/shared/terminal';
import { Option, type Command } from 'commander';
import { UsageError } from './exit.ts';
import { parsed } from './inputs.ts';
import { openSession, type Surroundings } from './session.ts';

const ALERT_COLUMNS: readonly Column<Alert>[] = [
  ['RAISED', (alert) => alert.raisedAt],
  ['RULE', (alert) => alert.rule.name],
  ['TIMES', (alert) => String(alert.times)],
  ['OVER', (alert) => alert.clearedAt ?? 'open'],
  ['TOLD', ({ deliveries }) => deliveries.map(({ state }) => state).join(' ')],
  ['WHAT', (alert) => alert.title],
];
const CHANNEL_COLUMNS: readonly Column<AlertChannel>[] = [
  ['ID', (channel) => channel.id],
  ['NAME', (channel) => channel.name],
  ['KIND', (channel) => channel.kind],
  ['WHERE', (channel) => channel.url ?? channel.to?.join(' ')],
];
const RULE_COLUMNS: readonly Column<AlertRule>[] = [
  ['ID', (rule) => rule.id],
  ['NAME', (rule) => rule.name],
  ['KIND', (rule) => rule.kind],
  ['OF', ({ workflow, minutes, days }) => workflow ?? (minutes && `${minutes} min`) ?? (days && `${days} days`)],
  ['CHANNELS', (rule) => rule.channels.join(' ')],
  ['ENABLED', (rule) => (rule.enabled ? 'yes' : 'no')],
];
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** A tenant has fewer of each. */
const PAGE = 200;

interface NewRule {
  readonly kind: string;
  readonly channel: readonly string[];
  readonly workflow?: string;
  readonly minutes?: number;
  readonly days?: number;
  readonly cleared?: boolean;
  readonly disabled?: boolean;
}

export function addAlertCommands(program: Command, around: Surroundings): void {
  const alerts = program.command('alerts').description('what somebody is told of, and where');
  alerts
    .command('list')
    .description('list alerts, newest first, with what became of their deliveries')
    .option('--open', 'only those that are not over')
    .option('--limit <n>', 'how many', Number)
    .option('--cursor <cursor>', 'the next page')
    .action(async ({ open, ...query }: { open?: boolean }, command: Command) => {
      const session = await openSession(command, around);
      const only = open === true ? { open: 'true' as const } : {};
      session.list(await session.client.call(api.alerts.list, { query: { ...query, ...only } }), ALERT_COLUMNS);
    });
  addChannels(alerts, around);
  addRules(alerts, around);
}

const more = (value: string, all: readonly string[]): string[] => [...all, value];

function addChannels(alerts: Command, around: Surroundings): void {
  const channels = alerts.command('channels').description('where alerts go');
  channels
    .command('list')
    .description('list them')
    .action(async (_: object, command: Command) => {
      const session = await openSession(command, around);
      session.list(await session.client.call(api.alertChannels.list, { query: { limit: PAGE } }), CHANNEL_COLUMNS);
    });
  channels
    .command('create <name>')
    .description('add one; the secret that signs a webhook is shown now and never again')
    .option('--email <address>', 'tell this address, again for others', more, [])
    .option('--webhook <url>', 'call this address')
    .action(async (name: string, { email, webhook }: { email: string[]; webhook?: string }, command: Command) => {
      if ((webhook === undefined) === (email.length === 0)) throw new UsageError('Give --email or --webhook.');
      const given = webhook === undefined ? { kind: 'email', to: email } : { kind: 'webhook', url: webhook };
      const body = parsed(AlertChannelRequest, { ...given, name });
      const session = await openSession(command, around);
      const made = await session.client.call(api.alertChannels.create, { body });
      session.show(made, ({ channel, secret }) => `${channel.id}\n${secret === null ? '' : `secret: ${secret}\n`}`);
    });
  channels
    .command('test <channel>')
    .description('send something there now')
    .action(async (reference: string, _: object, command: Command) => {
      const session = await openSession(command, around);
      const params = { id: await idOf(session.client, 'channel', reference) };
      const told = await session.client.call(api.alertChannels.test, { params });
      session.show(told, ({ delivered, reason }) => (delivered ? 'delivered\n' : `not delivered: ${reason ?? ''}\n`));
    });
  channels
    .command('delete <channel>')
    .description('remove it, and what was still to be sent there')
    .action(async (reference: string, _: object, command: Command) => {
      const session = await openSession(command, around);
      const params = { id: await idOf(session.client, 'channel', reference) };
      await session.client.call(api.alertChannels.remove, { params });
    });
}

function addRules(alerts: Command, around: Surroundings): void {
  const rules = alerts.command('rules').description('what alerts are raised by');
  rules
    .command('list')
    .description('list them')
    .action(async (_: object, command: Command) => {
      const session = await openSession(command, around);
      session.list(await session.client.call(api.alertRules.list, { query: { limit: PAGE } }), RULE_COLUMNS);
    });
  rules
    .command('create <name>')
    .description('add one; what happened before it does not count')
    .addOption(new Option('--kind <kind>', 'what raises it').choices(AlertKind.options).makeOptionMandatory())
    .requiredOption('--channel <channel>', 'who is told, by id or name, again for others', more, [])
    .option('--workflow <namespace/name>', 'of jobs: of this workflow only')
    .option('--minutes <n>', 'of agents: how long they are offline', Number)
    .option('--days <n>', 'of certificates: how long before their end', Number)
    .option('--cleared', 'tell also when it is over')
    .option('--disabled', 'only when it is enabled')
    .action(async (name: string, { channel, disabled, ...rest }: NewRule, command: Command) => {
      const session = await openSession(command, around);
      const channels: string[] = [];
      for (const one of channel) channels.push(await idOf(session.client, 'channel', one));
      const body = parsed(AlertRuleRequest, { ...rest, name, channels, enabled: disabled !== true });
      session.show(await session.client.call(api.alertRules.create, { body }), ({ id }) => `${id}\n`);
    });
  for (const action of ['enable', 'disable'] as const) {
    rules
      .command(`${action} <rule>`)
      .description(action === 'enable' ? 'it counts from now on' : 'its open alerts are over, and none is raised')
      .action(async (reference: string, _: object, command: Command) => {
        const session = await openSession(command, around);
        const params = { id: await idOf(session.client, 'rule', reference), action };
        const rule = await session.client.call(api.alertRules.act, { params });
        session.show(rule, ({ name, enabled }) => `${name} is ${enabled ? 'enabled' : 'disabled'}\n`);
      });
  }
  rules
    .command('delete <rule>')
    .description('remove it with its alerts')
    .action(async (reference: string, _: object, command: Command) => {
      const session = await openSession(command, around);
      await session.client.call(api.alertRules.remove, {
        params: { id: await idOf(session.client, 'rule', reference) },
      });
    });
}

/** An id, or the id of the channel or rule with this name. */
async function idOf(client: Client, kind: 'channel' | 'rule', reference: string): Promise<string> {
  if (UUID.test(reference)) return reference;
  const query = { limit: PAGE };
  const { items } =
    kind === 'channel'
      ? await client.call(api.alertChannels.list, { query })
      : await client.call(api.alertRules.list, { query });
  const found = items.find(({ name }) => name === reference);
  if (found !== undefined) return found.id;
  const title = `There is no ${kind} of alerts called ${reference}.`;
  const fix = `List them: \`casare alerts ${kind}s list\`.`;
  throw new ApiError({ type: 'about:blank', status: 404, code: `ALERT_${kind.toUpperCase()}_NOT_FOUND`, title, fix });
}
