/**
 * The watch over what ends: nothing expires silently. Each thing is warned of once at each age, by a log line, an audit
 * entry and a live event, by one replica.
 *
 * Invariant: a warning, its audit entry and its event are one transaction, so it is given once and never lost.
 * Bounds: 500 warnings in one turn, the earliest ends first; the next turn goes on.
 */
import { appendAudit } from '../audit/index.ts';
import { appendLive } from '../live/index.ts';
import { X509Certificate } from 'node:crypto';
import type { Clock } from '../platform/clock.ts';
import type { Database, Transaction } from '../platform/database/index.ts';
import type { Log } from '../platform/log.ts';
import { INSTALLATION } from './authorities.ts';
import { isListed, nextOf, warningAge, WARNING_DAYS, type Ending } from './expiry.decision.ts';
import * as store from './expiry.store.ts';
import { findOperator, readingAs, type Viewer } from './lock.store.ts';

export interface ExpiryWatchOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  /** The chain that this gateway presents, leaf first, PEM; null before it has one. */
  readonly gatewayChain: () => string | null;
  /** When the certificate of the web listener ends; null when it is not ours to watch. */
  readonly webEnds?: (() => Date | null) | undefined;
  /** Days before the end of a CA at which to warn. */
  readonly warningDays?: readonly number[] | undefined;
  /** After a warning was committed. */
  readonly onWarned: () => void;
}

const DAY_MS = 86_400_000;
const AT_ONCE = 500;
/** Warnings of what ended so long ago are forgotten. */
const KEPT_MS = 400 * DAY_MS;

export class ExpiryWatch {
  readonly #options: ExpiryWatchOptions;
  readonly #days: readonly number[];
  #earliest: readonly (readonly [subject: Ending['subject'], notAfter: Date])[] = [];

  constructor(options: ExpiryWatchOptions) {
    this.#options = options;
    this.#days = options.warningDays ?? WARNING_DAYS;
  }

  /** The earliest end of each kind, as of the last turn. */
  get earliest(): readonly (readonly [subject: Ending['subject'], notAfter: Date])[] {
    return this.#earliest;
  }

  /** One turn: looks at everything and gives the warnings that are due. */
  async look(): Promise<void> {
    const { db, clock } = this.#options;
    const now = clock.now();
    const own = this.#own();
    const earliest = (await store.listEarliest(db)).map(({ subject, notAfter }) => [subject, notAfter] as const);
    this.#earliest = [...earliest, ...own.map(({ subject, notAfter }) => [subject, notAfter] as const)];
    const withinMs = Math.max(0, ...this.#days) * DAY_MS;
    const endings = await this.#endings(now, withinMs, null, AT_ONCE);
    const given = await store.listWarned(
      db,
      endings.map((ending) => keyOf(ending)),
    );
    for (const ending of endings) {
      const age = warningAge(ending, now, this.#days);
      if (age === null || given.has(store.warningKey(keyOf(ending), ending.notAfter, age))) continue;
      await this.#warn(ending, age, now);
    }
    await store.forgetWarningsBefore(db, new Date(now.getTime() - KEPT_MS));
  }

  /** What ends within a time and needs somebody's attention, the first to end first, as `viewer` sees it. */
  async list(viewer: Viewer, withinMs: number, limit: number): Promise<Ending[]> {
    return this.#endings(this.#options.clock.now(), withinMs, viewer, limit);
  }

  async #endings(now: Date, withinMs: number, viewer: Viewer | null, limit: number): Promise<Ending[]> {
    const db = viewer === null ? this.#options.db : readingAs(this.#options.db, viewer);
    const before = new Date(now.getTime() + withinMs);
    const cas = await store.listEndingCas(db, before, viewer, limit);
    const agents = await store.listLateAgents(db, now, before, viewer?.tenant ?? null, limit);
    const own = viewer === null || viewer.operator ? this.#own() : [];
    return [...cas, ...agents, ...own]
      .filter((ending) => isListed(ending, now, withinMs))
      .toSorted((a, b) => a.notAfter.getTime() - b.notAfter.getTime())
      .slice(0, limit);
  }

  /** What only this process knows: its own certificates. */
  #own(): Ending[] {
    const { gatewayChain, webEnds } = this.#options;
    const own: Ending[] = [];
    const chain = gatewayChain();
    if (chain !== null) {
      const leaf = new X509Certificate(chain);
      const lifeMs = leaf.validToDate.getTime() - leaf.validFromDate.getTime();
      const id = leaf.serialNumber.toLowerCase();
      const name = 'the certificate of this gateway';
      own.push({ subject: 'gateway', id, name, tenant: null, notAfter: leaf.validToDate, lifeMs });
    }
    const ends = webEnds?.() ?? null;
    if (ends !== null) {
      const name = 'the certificate of the web listener';
      own.push({ subject: 'web', id: 'web', name, tenant: null, notAfter: ends, lifeMs: null });
    }
    return own;
  }

  async #warn(ending: Ending, age: number, now: Date): Promise<void> {
    const { db, log, onWarned } = this.#options;
    const key = keyOf(ending);
    const warned = await db.transaction(async (tx) => {
      if (!(await store.insertWarning(tx, key, ending.notAfter, age, now))) return false;
      await record(tx, ending, age, now);
      return true;
    });
    if (!warned) return;
    const { subject, id, name, tenant, notAfter } = ending;
    const [level, message] = age === 0 ? (['error', 'has expired'] as const) : (['warn', 'ends soon'] as const);
    log[level](`a certificate ${message}`, {
      ...{ code: age === 0 ? 'CERTIFICATE_ENDED' : 'CERTIFICATE_ENDS', subject, id, name, tenant },
      ...{ notAfter: notAfter.toISOString(), days: age, next: nextOf(ending) },
    });
    onWarned();
  }
}

async function record(tx: Transaction, ending: Ending, days: number, now: Date): Promise<void> {
  const { subject, id, name, tenant, notAfter } = ending;
  const action = days === 0 ? 'certificate.expired' : 'certificate.expiring';
  await appendAudit(tx, {
    ...{ tenant: tenant ?? INSTALLATION, actor: 'system', action, subject: keyOf(ending) },
    detail: { subject, name, notAfter: notAfter.toISOString(), days, next: nextOf({ subject, id }) },
  });
  const told = tenant ?? (await findOperator(tx));
  if (told === null) return;
  const event = { type: 'trust.changed' as const, at: now.toISOString(), subject: keyOf(ending), action };
  await appendLive(tx, [{ tenant: told, event }]);
}

function keyOf({ subject, id }: Ending): string {
  return `${subject}:${id}`;
}
