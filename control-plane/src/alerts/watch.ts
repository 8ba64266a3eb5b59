/**
 * Sees what alerts are raised by: jobs by their live events, agents and certificates by looking at how they are.
 *
 * Invariants: no change of a job is passed over while a rule asks for it: events are read by a cursor that no open transaction
 * can be behind, and the cursor moves in the transaction that raises; what is raised has its deliveries in the same statement.
 * Every replica looks; of two that raise the same, one does. Jobs of a suspended tenant are followed, and told of when it is
 * resumed; that its agents are away, and do not renew, is no news.
 *
 * Bounds: `RULES` rules in all; 200 events in a transaction; `CAUSES` of a rule, beyond which nothing more is raised by it.
 */
import type { Expiration } from '@casare/shared/api';
import { readLive } from '../live/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database/index.ts';
import type { Ids } from '../platform/ids.ts';
import type { Log } from '../platform/log.ts';
import * as alerts from './alert.store.ts';
import { concerns, meaningOf } from './job-alerts.decision.ts';
import * as rules from './rule.store.ts';

export interface WatchDependencies {
  readonly db: Database;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  /** Agents of a tenant that ought to be connected and are not since before a moment. */
  readonly agentsAway: (
    tenant: string,
    before: Date,
    limit: number,
  ) => Promise<readonly { readonly id: string; readonly name: string; readonly since: Date }[]>;
  /** What ends within so many seconds and needs somebody's attention. */
  readonly endings: (tenant: string, within: number, limit: number) => Promise<readonly Expiration[]>;
}

const RULES = 10_000;
const EVENTS = 200;
const CAUSES = 1_000;
const MINUTE = 60_000;
const DAY = 86_400;

export class AlertWatch {
  readonly #deps: WatchDependencies;

  constructor(dependencies: WatchDependencies) {
    this.#deps = dependencies;
  }

  /** One look at the jobs of every tenant that has a rule about them. */
  async lookAtJobs(signal?: AbortSignal): Promise<void> {
    const enabled = await rules.listEnabled(this.#deps.db, RULES, ['active', 'suspended']);
    const about = Map.groupBy(
      enabled.filter(({ kind }) => kind.startsWith('job.')),
      ({ tenant }) => tenant,
    );
    for (const [tenant, of] of about) {
      await this.#guarded(tenant, async () => {
        while (!signal?.aborted && (await this.#readOn(tenant, of)));
      });
    }
  }

  /** One look at agents and certificates. */
  async lookAtStates(): Promise<void> {
    const { db, clock, agentsAway, endings } = this.#deps;
    for (const rule of await rules.listEnabled(db, RULES, ['active'])) {
      const { tenant, minutes, days } = rule;
      await this.#guarded(tenant, async () => {
        if (rule.kind === 'agent.offline') {
          const before = new Date(clock.now().getTime() - (minutes ?? 10) * MINUTE);
          const away = await agentsAway(tenant, before, CAUSES);
          await this.#settle(
            rule,
            away.map(({ id, name, since }) => ({
              cause: `agent:${id}`,
              title: `The agent ${name} is offline`,
              detail: { agent: id, name, since: since.toISOString() },
            })),
          );
        }
        if (rule.kind === 'certificate.expiring') {
          const ending = await endings(tenant, (days ?? 14) * DAY, CAUSES);
          await this.#settle(
            rule,
            ending.map(({ subject, id, name, notAfter, next }) => ({
              cause: `certificate:${subject}:${id}`,
              title: `${name}: the certificate ends at ${notAfter}`,
              detail: { subject, id, name, notAfter, next },
            })),
          );
        }
      });
    }
  }

  /** Reads a batch of a tenant's events; true when there may be more. */
  async #readOn(tenant: string, of: readonly rules.KeptRule[]): Promise<boolean> {
    const { db, clock, ids } = this.#deps;
    const from = await rules.findCursor(db, tenant);
    if (from === null) return false;
    const { events, cursor, more } = await readLive(db, tenant, from, null, EVENTS);
    if (events.length === 0) return false;
    const changes = events.flatMap(({ event }) => (event.type === 'job.changed' ? [event] : []));
    return db.transaction(async (tx) => {
      if (!(await rules.moveCursor(tx, tenant, from, cursor))) return false;
      const asked = changes.filter(({ state }) => concerns(state)).map(({ jobId }) => jobId);
      const jobs = await rules.findJobs(tx, tenant, asked);
      const open = new Map<string, Set<string>>();
      for (const rule of of) open.set(rule.id, await alerts.openCauses(tx, rule, CAUSES));
      const now = clock.now();
      for (const { jobId, state } of changes) {
        for (const rule of of) {
          const causes = open.get(rule.id)!;
          const meaning = meaningOf(rule, jobId, state, jobs.get(jobId));
          if (meaning?.raise && (causes.has(meaning.raise.cause) || causes.size < CAUSES)) {
            await alerts.raise(tx, rule, ids.next(), meaning.raise, { now, happened: true });
            causes.add(meaning.raise.cause);
          } else if (meaning?.clear !== undefined && causes.delete(meaning.clear)) {
            await alerts.clear(tx, rule, [meaning.clear], now);
          }
        }
      }
      return more;
    });
  }

  /** Raises what is there and was not, and clears what was there and is not. */
  async #settle(rule: rules.KeptRule, now: readonly alerts.Cause[]): Promise<void> {
    const { db, clock, ids } = this.#deps;
    const at = clock.now();
    const open = await alerts.openCauses(db, rule, CAUSES);
    for (const cause of now)
      if (!open.has(cause.cause)) await alerts.raise(db, rule, ids.next(), cause, { now: at, happened: false });
    // A list that was cut does not say what is over.
    if (now.length >= CAUSES) return;
    const there = new Set(now.map(({ cause }) => cause));
    await alerts.clear(
      db,
      rule,
      [...open].filter((cause) => !there.has(cause)),
      at,
    );
  }

  /** A tenant whose rules cannot be looked at keeps none of the others waiting. */
  async #guarded(tenant: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#deps.log.error('the alert rules of a tenant could not be looked at', { tenant, error });
    }
  }
}
