/** Rules, channels and alerts as people see and change them. Every change is audited. */
import { sealKey } from '@casare/certs';
import type { Alert, AlertChannel, AlertChannelRequest, AlertRule, AlertRuleRequest } from '@casare/shared/api';
import { appendAudit } from '../audit/index.ts';
import { cursorOfNow } from '../live/index.ts';
import { isUniqueViolation, type TenantDatabase, type Transaction } from '../platform/database/index.ts';
import { lineOf } from '../platform/errors.ts';
import type { Caller } from '../platform/http/caller.ts';
import type { Unchanged } from '../platform/http/etag.ts';
import type { Ids } from '../platform/ids.ts';
import { letterLimit } from '../platform/mail/letter-limit.ts';
import { pageBy, pageOfAll, uuidCursor, type Page, type PageAsk } from '../platform/paging.ts';
import { badCursor, refuse, type Refusal } from '../platform/refusal.ts';
import type { TokenBuckets } from '../platform/token-buckets.ts';
import { endOpen, listAlerts } from './alert.store.ts';
import { Deliverer, sealedFor, type DeliverDependencies } from './deliver.ts';
import * as store from './rule.store.ts';
import { maskedAddress } from './masked-address.decision.ts';
import { newWebhookSecret } from './webhook-signature.ts';

export interface AlertsDependencies extends Omit<DeliverDependencies, 'db'> {
  readonly db: TenantDatabase;
  readonly ids: Ids;
}

/** Of a tenant. */
const RULES = 100;
const CHANNELS = 100;

/** Webhooks go to servers that took the address upon themselves; how often somebody may call bounds them. */
const UNBOUNDED = { allowed: true, nextSeconds: 0 };

type NamedAsk = PageAsk & { readonly q?: string | undefined };

export class AlertsService {
  readonly #deps: AlertsDependencies;
  readonly #deliverer: Deliverer;
  readonly #letters: TokenBuckets;

  constructor(dependencies: AlertsDependencies, deliverer: Deliverer) {
    this.#deps = dependencies;
    this.#deliverer = deliverer;
    this.#letters = letterLimit(dependencies.clock);
  }

  async list(
    tenant: string,
    { limit, cursor, sort, open }: PageAsk & { readonly open?: string | undefined },
  ): Promise<Page<Alert> | Refusal> {
    const beyond = uuidCursor(cursor);
    if (beyond === undefined) return badCursor();
    const range = { beyond, ascending: sort === 'raisedAt', limit: limit + 1 };
    const wanted = open === undefined ? null : open === 'true';
    return pageBy(await listAlerts(this.#deps.db.of(tenant), tenant, range, wanted), limit, ({ id }) => id);
  }

  async channels(tenant: string, ask: NamedAsk): Promise<Page<AlertChannel> | Refusal> {
    return named((await store.listChannels(this.#deps.db.of(tenant), tenant)).map(channelView), ask);
  }

  async addChannel(
    caller: Caller,
    request: AlertChannelRequest,
  ): Promise<{ channel: AlertChannel; secret: string | null } | Refusal> {
    const { ids, mailer, sealingKey } = this.#deps;
    if (request.kind === 'email' && mailer === null) return noMail();
    const id = ids.next();
    const secret = request.kind === 'webhook' ? newWebhookSecret() : null;
    const sealedSecret =
      secret === null ? null : sealKey(Buffer.from(secret), await sealingKey(), sealedFor(caller.tenant, id));
    const { name, kind } = request;
    const to = request.kind === 'email' ? request.to : null;
    const url = request.kind === 'webhook' ? request.url : null;
    const made = await this.#named(caller.tenant, 'alert_channel_name', (tx) =>
      store
        .insertChannel(tx, this.#key(caller, id), { name, kind, to, url, sealedSecret }, CHANNELS)
        .then(async (row) => {
          // Of a webhook's address only the host: what follows is a credential at some receivers.
          const detail = { name, kind, to, host: url === null ? null : new URL(url).host };
          if (row !== null) await this.#audit(tx, caller, 'alertChannel.created', `alertChannel:${id}`, detail);
          return row;
        }),
    );
    if (made === 'taken') return exists('ALERT_CHANNEL_EXISTS', `a channel called ${name}`);
    return made === null ? full('ALERT_CHANNELS_FULL', `${CHANNELS} channels`) : { channel: channelView(made), secret };
  }

  /** What was not taken is no error of this request. */
  async testChannel(caller: Caller, id: string): Promise<{ delivered: boolean; reason: string | null } | Refusal> {
    const { clock, ids } = this.#deps;
    const db = this.#deps.db.of(caller.tenant);
    const channel = await store.findChannel(db, caller.tenant, id);
    if (channel === null) return channelNotFound(id);
    const { allowed, nextSeconds } = channel.kind === 'email' ? this.#letters.take(caller.tenant) : UNBOUNDED;
    if (!allowed) return tooManyLetters(Math.ceil(nextSeconds));
    await db.transaction((tx) => this.#audit(tx, caller, 'alertChannel.tested', `alertChannel:${id}`, {}));
    const test = ids.next();
    const title = `A test of ${channel.name}`;
    const at = clock.now().toISOString();
    const told = {
      about: 'test' as const,
      alert: test,
      rule: 'test',
      kind: null,
      cause: 'test',
      title,
      detail: {},
      at,
    };
    try {
      return { delivered: true, reason: await this.#deliverer.send(channel, test, { ...told, tenant: caller.tenant }) };
    } catch (error) {
      return { delivered: false, reason: lineOf(error) };
    }
  }

  async removeChannel(caller: Caller, id: string): Promise<Refusal | undefined> {
    return this.#deps.db.of(caller.tenant).transaction(async (tx) => {
      const name = await store.deleteChannel(tx, caller.tenant, id);
      if (name === null) return channelNotFound(id);
      await this.#audit(tx, caller, 'alertChannel.removed', `alertChannel:${id}`, { name });
      return undefined;
    });
  }

  async rules(tenant: string, ask: NamedAsk): Promise<Page<AlertRule> | Refusal> {
    return named((await store.listRules(this.#deps.db.of(tenant), tenant)).map(ruleView), ask);
  }

  async rule(tenant: string, id: string): Promise<AlertRule | Refusal> {
    const rule = await store.findRule(this.#deps.db.of(tenant), tenant, id);
    return rule === null ? ruleNotFound(id) : ruleView(rule);
  }

  async addRule(caller: Caller, request: AlertRuleRequest): Promise<AlertRule | Refusal> {
    const { ids } = this.#deps;
    const db = this.#deps.db.of(caller.tenant);
    const known = new Set((await store.listChannels(db, caller.tenant)).map(({ id }) => id));
    const unknown = request.channels.find((id) => !known.has(id));
    if (unknown !== undefined) return channelNotFound(unknown);
    const id = ids.next();
    const { name, kind, channels, cleared, enabled } = request;
    const workflow = 'workflow' in request ? (request.workflow ?? null) : null;
    const minutes = 'minutes' in request ? request.minutes : null;
    const days = 'days' in request ? request.days : null;
    const terms = { name, kind, channels, cleared, enabled, workflow, minutes, days };
    const made = await this.#named(caller.tenant, 'alert_rule_name', async (tx) => {
      if (enabled) await this.#readFromNow(tx, caller.tenant);
      const row = await store.insertRule(tx, this.#key(caller, id), terms, RULES);
      if (row !== null) await this.#audit(tx, caller, 'alertRule.created', `alertRule:${id}`, terms);
      return row;
    });
    if (made === 'taken') return exists('ALERT_RULE_EXISTS', `a rule called ${name}`);
    return made === null ? full('ALERT_RULES_FULL', `${RULES} rules`) : ruleView(made);
  }

  /** Doing it twice is the same as once. */
  async act(
    caller: Caller,
    id: string,
    action: 'enable' | 'disable',
    unchanged?: Unchanged,
  ): Promise<AlertRule | Refusal> {
    const { db, clock } = this.#deps;
    return db.of(caller.tenant).transaction(async (tx) => {
      const rule = await store.holdRule(tx, caller.tenant, id);
      if (rule === null) return ruleNotFound(id);
      const stale = unchanged?.(ruleView(rule));
      if (stale) return stale;
      if (rule.enabled === (action === 'enable')) return ruleView(rule);
      if (action === 'enable') await this.#readFromNow(tx, caller.tenant);
      const changed = await store.setEnabled(tx, caller.tenant, id, action === 'enable');
      if (action === 'disable') await endOpen(tx, rule, clock.now());
      await this.#audit(tx, caller, `alertRule.${action}d`, `alertRule:${id}`, { name: rule.name });
      return ruleView(changed);
    });
  }

  async removeRule(caller: Caller, id: string, unchanged?: Unchanged): Promise<Refusal | undefined> {
    return this.#deps.db.of(caller.tenant).transaction(async (tx) => {
      const rule = await store.holdRule(tx, caller.tenant, id);
      if (rule === null) return ruleNotFound(id);
      const stale = unchanged?.(ruleView(rule));
      if (stale) return stale;
      await store.deleteRule(tx, caller.tenant, id);
      await this.#audit(tx, caller, 'alertRule.removed', `alertRule:${id}`, { name: rule.name });
      return undefined;
    });
  }

  async #readFromNow(tx: Transaction, tenant: string): Promise<void> {
    await store.readFrom(tx, tenant, await cursorOfNow(tx));
  }

  #key({ tenant, actor: by }: Caller, id: string) {
    return { tenant, id, by, now: this.#deps.clock.now() };
  }

  #audit(tx: Transaction, { tenant, actor }: Caller, action: string, subject: string, detail: object): Promise<void> {
    return appendAudit(tx, { tenant, actor, action, subject, detail: { ...detail } });
  }

  async #named<T>(tenant: string, index: string, work: (tx: Transaction) => Promise<T>): Promise<T | 'taken'> {
    try {
      return await this.#deps.db.of(tenant).transaction(work);
    } catch (error) {
      if (isUniqueViolation(error, index)) return 'taken';
      throw error;
    }
  }
}

function channelView({ id, name, kind, to, url, createdBy, createdAt }: store.KeptChannel): AlertChannel {
  const shown = url === null ? null : maskedAddress(url);
  return { id, name, kind, to, url: shown, createdBy, createdAt: createdAt.toISOString() };
}

function ruleView({ createdAt, tenant: _, ...rule }: store.KeptRule): AlertRule {
  return { ...rule, createdAt: createdAt.toISOString() };
}

function noMail(): Refusal {
  return refuse('unprocessable', 'MAIL_NOT_SET_UP', 'The control plane has no mail server.', {
    fix: 'The operator sets CASARE_SMTP_URL and CASARE_MAIL_FROM.',
  });
}

function tooManyLetters(retryAfterSeconds: number): Refusal {
  return refuse('busy', 'RATE_LIMITED', 'Too many letters were sent to try channels out.', {
    detail: 'Alerts are delivered as ever.',
    fix: 'Try it again after the seconds that Retry-After says.',
    retryAfterSeconds,
  });
}

function exists(code: string, what: string): Refusal {
  return refuse('conflict', code, `There is ${what}.`, { fix: 'Choose another name.' });
}

function full(code: string, what: string): Refusal {
  return refuse('conflict', code, `This tenant has ${what}.`, { fix: 'Remove those that are not used.' });
}

function channelNotFound(id: string): Refusal {
  return refuse('not_found', 'ALERT_CHANNEL_NOT_FOUND', `There is no channel ${id}.`);
}

function ruleNotFound(id: string): Refusal {
  return refuse('not_found', 'ALERT_RULE_NOT_FOUND', `There is no rule ${id}.`);
}

/** A page of what has a name: at most a hundred of a tenant. */
function named<T extends { readonly id: string; readonly name: string; readonly createdAt: string }>(
  all: readonly T[],
  ask: NamedAsk,
): Page<T> | Refusal {
  const text = (ask.q ?? '').toLowerCase();
  const found = all.filter(({ name }) => name.toLowerCase().includes(text));
  return pageOfAll(found, ask, { createdAt: ({ createdAt }) => createdAt, name: ({ name }) => name }) ?? badCursor();
}
