/** Alerts: what somebody is told of by mail or webhook, by rules of their tenant. */
import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { Json } from './json.ts';
import { FILTERS, IdParams, paged, time } from './page.ts';

const name = z.string().trim().min(1).max(100);

/** Where alerts go. A webhook is signed as Standard Webhooks has it; its secret is made by the server and shown once. */
export const AlertChannelRequest = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('email'), name, to: z.array(z.email().max(320)).min(1).max(20) }),
  z.strictObject({ kind: z.literal('webhook'), name, url: z.url({ protocol: /^https?$/ }).max(2_000) }),
]);
export type AlertChannelRequest = z.output<typeof AlertChannelRequest>;

export const AlertChannel = z
  .object({
    id: z.uuid(),
    name: z.string(),
    kind: z.enum(['email', 'webhook']),
    /** Of mail. */
    to: z.array(z.string()).nullable(),
    /** Of a webhook: its host and last characters. Whoever has the whole address may send there, so it is shown to nobody. */
    url: z.string().nullable(),
    createdBy: z.string(),
    createdAt: time,
  })
  .meta({ id: 'AlertChannel' });
export type AlertChannel = z.infer<typeof AlertChannel>;

export const AlertKind = z.enum(['job.failed', 'job.needs_review', 'agent.offline', 'certificate.expiring']);
export type AlertKind = z.infer<typeof AlertKind>;

const rule = {
  name,
  channels: z.array(z.uuid()).min(1).max(10),
  /** Also told when it is over. */
  cleared: z.boolean().default(false),
  enabled: z.boolean().default(true),
};
/** `namespace/name`; absent: of every workflow. */
const workflow = z
  .string()
  .regex(/^[A-Za-z0-9-]{1,63}\/[A-Za-z0-9-]{1,63}$/, 'is not namespace/name')
  .optional();

export const AlertRuleRequest = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('job.failed'), ...rule, workflow }),
  z.strictObject({ kind: z.literal('job.needs_review'), ...rule, workflow }),
  z.strictObject({ kind: z.literal('agent.offline'), ...rule, minutes: z.int().min(1).max(43_200).default(10) }),
  z.strictObject({ kind: z.literal('certificate.expiring'), ...rule, days: z.int().min(1).max(365).default(14) }),
]);
export type AlertRuleRequest = z.output<typeof AlertRuleRequest>;

export const AlertRule = z
  .object({
    id: z.uuid(),
    name: z.string(),
    kind: AlertKind,
    channels: z.array(z.uuid()),
    cleared: z.boolean(),
    enabled: z.boolean(),
    workflow: z.string().nullable(),
    minutes: z.int().nullable(),
    days: z.int().nullable(),
    createdBy: z.string(),
    createdAt: time,
  })
  .meta({ id: 'AlertRule' });
export type AlertRule = z.infer<typeof AlertRule>;

export const AlertDelivery = z.object({
  /** The `webhook-id`, and the id of the letter: the same each time it is sent. */
  id: z.uuid(),
  channel: z.uuid(),
  about: z.enum(['raised', 'cleared']),
  state: z.enum(['pending', 'delivered', 'failed']),
  attempts: z.int(),
  lastError: z.string().nullable(),
  deliveredAt: time.nullable(),
});

/** One for each cause until it clears. */
export const Alert = z
  .object({
    id: z.uuid(),
    rule: z.object({ id: z.uuid(), name: z.string() }),
    kind: AlertKind,
    /** `workflow:<namespace/name>`, `job:<id>`, `agent:<id>` or `certificate:<subject>:<id>`. */
    cause: z.string(),
    title: z.string(),
    detail: z.record(z.string(), Json),
    /** How often it happened since it was raised. */
    times: z.int(),
    raisedAt: time,
    lastAt: time,
    clearedAt: time.nullable(),
    deliveries: z.array(AlertDelivery),
  })
  .meta({ id: 'Alert' });
export type Alert = z.infer<typeof Alert>;

export const alertChannels = {
  list: endpoint({
    id: 'alertChannels.list',
    method: 'GET',
    path: '/alert-channels',
    summary: 'Lists where alerts go, newest first.',
    permission: 'alerts:read',
    ...paged(AlertChannel, { sort: ['-createdAt', 'createdAt', 'name', '-name'], filters: { q: FILTERS.q } }),
  }),
  create: endpoint({
    id: 'alertChannels.create',
    method: 'POST',
    path: '/alert-channels',
    status: 201,
    summary: 'Adds a place that alerts go to. The secret that signs a webhook is in this answer and nowhere else.',
    permission: 'alerts:write',
    body: AlertChannelRequest,
    answer: {
      json: z.object({ channel: AlertChannel, secret: z.string().nullable() }).meta({ id: 'NewAlertChannel' }),
    },
    problems: ['ALERT_CHANNEL_EXISTS', 'ALERT_CHANNELS_FULL', 'MAIL_NOT_SET_UP'],
  }),
  test: endpoint({
    id: 'alertChannels.test',
    method: 'POST',
    path: '/alert-channels/{id}/test',
    summary: 'Sends something there at once, and says whether it was taken.',
    permission: 'alerts:write',
    params: IdParams,
    answer: { json: z.object({ delivered: z.boolean(), reason: z.string().nullable() }) },
    problems: ['ALERT_CHANNEL_NOT_FOUND'],
  }),
  remove: endpoint({
    id: 'alertChannels.remove',
    method: 'DELETE',
    path: '/alert-channels/{id}',
    summary: 'Removes a place, and what was still to be sent there.',
    permission: 'alerts:write',
    params: IdParams,
    answer: 'nothing',
    problems: ['ALERT_CHANNEL_NOT_FOUND'],
  }),
} as const;

export const alertRules = {
  list: endpoint({
    id: 'alertRules.list',
    method: 'GET',
    path: '/alert-rules',
    summary: 'Lists what alerts are raised by, newest first.',
    permission: 'alerts:read',
    ...paged(AlertRule, { sort: ['-createdAt', 'createdAt', 'name', '-name'], filters: { q: FILTERS.q } }),
  }),
  get: endpoint({
    id: 'alertRules.get',
    method: 'GET',
    path: '/alert-rules/{id}',
    summary: 'Shows a rule.',
    permission: 'alerts:read',
    params: IdParams,
    answer: { json: AlertRule },
    problems: ['ALERT_RULE_NOT_FOUND'],
  }),
  create: endpoint({
    id: 'alertRules.create',
    method: 'POST',
    path: '/alert-rules',
    status: 201,
    summary: 'Adds a rule; what happened before it does not count.',
    permission: 'alerts:write',
    body: AlertRuleRequest,
    answer: { json: AlertRule },
    problems: ['ALERT_RULE_EXISTS', 'ALERT_RULES_FULL', 'ALERT_CHANNEL_NOT_FOUND'],
  }),
  remove: endpoint({
    id: 'alertRules.remove',
    ifMatch: 'alertRules.get',
    method: 'DELETE',
    path: '/alert-rules/{id}',
    summary: 'Removes a rule with its alerts.',
    permission: 'alerts:write',
    params: IdParams,
    answer: 'nothing',
    problems: ['ALERT_RULE_NOT_FOUND'],
  }),
  act: endpoint({
    id: 'alertRules.act',
    ifMatch: 'alertRules.get',
    method: 'POST',
    path: '/alert-rules/{id}/{action}',
    summary: 'Enables or disables a rule; its open alerts are over when it is disabled.',
    permission: 'alerts:write',
    params: IdParams.extend({ action: z.enum(['enable', 'disable']) }),
    answer: { json: AlertRule },
    problems: ['ALERT_RULE_NOT_FOUND'],
  }),
} as const;

export const alerts = {
  list: endpoint({
    id: 'alerts.list',
    method: 'GET',
    path: '/alerts',
    summary: 'Lists alerts, newest first, with what became of their deliveries.',
    permission: 'alerts:read',
    ...paged(Alert, { sort: ['-raisedAt', 'raisedAt'], filters: { open: z.enum(['true', 'false']).optional() } }),
    problems: ['CURSOR_INVALID'],
  }),
} as const;
