/** Where people are signed in: listed, ended. Who ends the session of somebody else may do at least what they may. */
import { allows, within, type SessionView, type Whose } from '@casare/shared/api';
import { appendAudit } from '../audit/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { TenantDatabase } from '../platform/database/index.ts';
import type { Caller } from '../platform/http/caller.ts';
import { permissionDenied } from '../platform/http/guard.ts';
import { numberCursor, pageBy, type Page, type PageAsk } from '../platform/paging.ts';
import { badCursor, refuse, type Refusal } from '../platform/refusal.ts';
import { aboveYourself } from './api-keys.service.ts';
import { sessionIdOf } from './rights.decision.ts';
import * as store from './session.store.ts';

export class SessionsService {
  readonly #db: TenantDatabase;
  readonly #clock: Clock;

  constructor(db: TenantDatabase, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  async list(caller: Caller, query: PageAsk & { readonly of: Whose }): Promise<Page<SessionView> | Refusal> {
    if (query.of === 'all' && !allows(caller, 'accounts:read')) return permissionDenied(caller, 'accounts:read');
    const beyond = numberCursor(query.cursor);
    if (beyond === undefined) return badCursor();
    const accountId = query.of === 'all' ? null : caller.accountId;
    const range = { accountId, beyond, ascending: query.sort === 'createdAt', limit: query.limit + 1 };
    const found = await store.listSessions(this.#db.of(caller.tenant), caller.tenant, range, this.#clock.now());
    const page = pageBy(found, query.limit, ({ seq }) => seq);
    const current = sessionIdOf(caller);
    return { ...page, items: page.items.map((row) => viewOf(row, current)) };
  }

  async end(caller: Caller, id: string): Promise<void | Refusal> {
    const { tenant, actor } = caller;
    return this.#db.of(caller.tenant).transaction(async (tx) => {
      const session = await store.sessionById(tx, tenant, id, this.#clock.now());
      if (session === null) return notFound();
      if (session.accountId !== caller.accountId) {
        if (!allows(caller, 'accounts:read')) return notFound();
        if (!allows(caller, 'accounts:write')) return permissionDenied(caller, 'accounts:write');
        const theirs = { role: session.role, scopes: null, platform: session.platform, sites: session.sites };
        if (!within(theirs, caller)) return aboveYourself(session.role);
      }
      if (await store.endSession(tx, tenant, id)) {
        const subject = `account:${session.accountId}`;
        await appendAudit(tx, { tenant, actor, action: 'session.ended', subject, detail: { session: id } });
      }
      return undefined;
    });
  }

  async endOthers(caller: Caller): Promise<{ ended: number }> {
    const { tenant, actor, accountId } = caller;
    return this.#db.of(caller.tenant).transaction(async (tx) => {
      const ended = await store.endSessionsOf(tx, tenant, accountId, sessionIdOf(caller));
      const subject = `account:${accountId}`;
      await appendAudit(tx, { tenant, actor, action: 'session.othersEnded', subject, detail: { ended } });
      return { ended };
    });
  }
}

function viewOf(row: store.SessionRow, current: string | null): SessionView {
  const { id, address, userAgent } = row;
  return {
    ...{ id, address, userAgent },
    account: { id: row.accountId, email: row.email },
    createdAt: row.createdAt.toISOString(),
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
    expiresAt: row.expiresAt.toISOString(),
    current: id === current,
  };
}

function notFound(): Refusal {
  return refuse('not_found', 'SESSION_NOT_FOUND', 'There is no such session.', { fix: 'It may have ended already.' });
}
