/**
 * Rotations of CAs (docs/adr/0016): started, moved from phase to phase when their gate is met, taken back.
 *
 * Invariants: a move, the states of its CAs, `trust_state.rev`, the audit event and the live event are ONE transaction;
 * of two who move the same rotation at once one wins and the other is told; the gate is weighed in that transaction, on the
 * locked row, so nobody is passed over who was connected then; what stands below a new root is complete before it signs.
 */
import type { CaKind, Rotation, rotations as endpoints, Straggler } from '@casare/shared/api';
import { next } from '@casare/shared/lifecycle';
import type { z } from 'zod';
import { appendAudit } from '../audit/index.ts';
import { appendLive } from '../live/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Transaction } from '../platform/database/index.ts';
import type { Ids } from '../platform/ids.ts';
import type { Page, PageAsk } from '../platform/paging.ts';
import { badCursor, isRefusal, type Refusal } from '../platform/refusal.ts';
import { INSTALLATION, type Authorities } from './authorities.ts';
import * as cas from './ca.store.ts';
import { takeBack, takenBack } from './change.ts';
import type { Actor } from './join-tokens.service.ts';
import { findOperator, findTenant, readingAs, type Viewer } from './lock.store.ts';
import { listStragglers, weighGate, type WeighedGate } from './rotation-gate.ts';
import type { RotationMaterial } from './rotation-material.ts';
import { readPlace, writePlace } from './rotation-place.ts';
import * as no from './rotation-refusals.ts';
import { rotationView } from './rotation-view.ts';
import type { RotationWrite, RotationWrites } from './rotation-writes.ts';
import { ROTATION, type RotationEvent } from './rotation.lifecycle.ts';
import * as store from './rotation.store.ts';
import { move } from './trust-state.store.ts';

export interface RotationsOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly authorities: Authorities;
  readonly material: RotationMaterial;
  readonly writes: RotationWrites;
  /** After COMMIT of a change. */
  readonly onChanged: () => void;
}

type Start = z.output<typeof endpoints.start.body>;
type Advance = z.output<typeof endpoints.advance.body>;
type Rollback = z.output<typeof endpoints.rollback.body>;
type Change = { readonly ifRev?: number | undefined; readonly dryRun?: boolean | undefined };

const SERVERS: readonly CaKind[] = ['server_root', 'server_ca'];
const AGENTS: readonly CaKind[] = ['agent_root', 'agent_ca'];
/** The write by which each phase begins. */
const WRITES = { issue: 'issue', serve: 'serve', retire: 'retire', rollback: 'rollback' } as const;

export class Rotations {
  readonly #options: RotationsOptions;

  constructor(options: RotationsOptions) {
    this.#options = options;
  }

  /** Newest first, unless the oldest are asked for. */
  async list(tenant: string, { limit, cursor, sort }: PageAsk): Promise<Page<Rotation> | Refusal> {
    const before = cursor === undefined ? null : readPlace(cursor, 'rotation');
    if (before === undefined) return badCursor();
    const { db } = this.#options;
    const viewer = await viewerOf(db, tenant);
    const range = { beyond: before?.id ?? null, ascending: sort === 'startedAt', limit: limit + 1 };
    const found = await store.list(readingAs(db, viewer), viewer, range);
    const items: Rotation[] = [];
    for (const row of found.slice(0, limit)) items.push(await this.#view(db, row));
    const last = found.length > limit ? items.at(-1) : undefined;
    return { items, nextCursor: last === undefined ? null : writePlace({ tenant: 'rotation', id: last.id }) };
  }

  /** Rotations that are open, of a tenant and, for the operator's, of the installation. */
  async listOpen(tenant: string): Promise<Rotation[]> {
    const { db } = this.#options;
    const viewer = await viewerOf(db, tenant);
    const open = await store.listOpen(readingAs(db, viewer), [...SERVERS, ...AGENTS]);
    const seen = open.filter((row) => (row.tenant === null ? viewer.operator : row.tenant === tenant));
    return Promise.all(seen.map((row) => this.#view(db, row)));
  }

  async get(tenant: string, id: string): Promise<Rotation | Refusal> {
    const row = await this.#visible(tenant, id);
    return isRefusal(row) ? row : this.#view(this.#options.db, row);
  }

  /** What the gate waits for, or what was left behind; by tenant and id. */
  async stragglers(
    tenant: string,
    id: string,
    { limit, cursor, leftBehind }: PageAsk & { readonly leftBehind: 'true' | 'false' },
  ): Promise<Page<Straggler> | Refusal> {
    const row = await this.#visible(tenant, id);
    if (isRefusal(row)) return row;
    const after = cursor === undefined ? null : readPlace(cursor);
    if (after === undefined) return badCursor();
    const { db, clock } = this.#options;
    const { items, last } = await listStragglers(db, row, leftBehind === 'true', after, limit, clock.now());
    return { items, nextCursor: last === null ? null : writePlace(last) };
  }

  /** @throws Fault SIGNER_DOWN */
  async start(by: Actor, request: Start): Promise<Rotation | Refusal> {
    const { db, ids, clock, authorities, material } = this.#options;
    const { kind, emergency, automatic, seenDays, reason } = request;
    const viewer = await viewerOf(db, by.tenant);
    if (kind !== 'agent_ca' && !viewer.operator) return no.operatorOnly();
    if (kind === 'server_ca' && emergency) return no.emergencyNeedsRoot();
    const tenant = kind === 'agent_ca' ? by.tenant : null;
    // A tenant's first agent makes its CA: there may be none to be rotated yet.
    if (tenant !== null) await authorities.agentCa(tenant);
    const open = await this.#openBeside(db, kind, tenant);
    if (open !== null) return no.open(open);
    const old = await cas.findActiveCa(db, kind, tenant);
    if (old === null) return no.changed('there is no active CA of this kind');
    const coming = await material.next(old, emergency, request.authority);
    if (isRefusal(coming)) return coming;
    const id = ids.next();
    const started = await this.#commit('start', request, async (tx) => {
      const trustRev = (await move(tx, request.ifRev ?? null)) ?? takeBack(no.changed());
      const beside = await this.#openBeside(tx, kind, tenant);
      if (beside !== null) takeBack(no.open(beside));
      if ((await cas.findCa(tx, old.id))?.state !== 'active') takeBack(no.changed());
      if (coming.made === null && (await cas.findCa(tx, coming.id))?.state !== 'standby') takeBack(no.changed());
      if (coming.made !== null) await material.keep(tx, coming.made, by.actor);
      const of = {
        id,
        tenant,
        kind,
        emergency,
        automatic,
        trustRev,
        oldId: old.id,
        newId: coming.id,
        seenDays,
        reason,
      };
      await store.insert(tx, { ...of, startedBy: by.actor, startedAt: clock.now() });
      const row = (await store.find(tx, id))!;
      await this.#record(tx, row, by.actor, 'rotation.started', { emergency, automatic, reason });
      return this.#view(tx, row);
    });
    if (!isRefusal(started) && !request.dryRun) await this.#complete(old.id, coming.id);
    return started;
  }

  /** @throws Fault SIGNER_DOWN */
  async advance(by: Actor, id: string, request: Advance): Promise<Rotation | Refusal> {
    const seen = await this.#movable(by, id, request.from);
    if (isRefusal(seen)) return seen;
    const to = next(ROTATION, seen.phase, 'advance');
    if (to === null) return no.ended(seen);
    if (seen.phase === 'prepare' && !(await this.#complete(seen.oldId, seen.newId))) return no.incomplete();
    const write = to === 'standby' ? (seen.phase === 'rollback' ? 'rolledBack' : 'complete') : WRITES[to as 'issue'];
    return this.#commit(write, request, async (tx) => {
      const row = await this.#hold(tx, seen);
      const gate = await weighGate(tx, row, this.#options.clock.now());
      if (gate !== null && !gate.tally.maySkip(request.leaveStragglers)) takeBack(no.gateUnmet(row, gate.view));
      const left = gate === null ? {} : leftOf(gate);
      return this.#move(tx, row, 'advance', by.actor, request, left, () => this.#apply(tx, row));
    });
  }

  /** @throws Fault SIGNER_DOWN */
  async rollback(by: Actor, id: string, request: Rollback): Promise<Rotation | Refusal> {
    const seen = await this.#movable(by, id, request.from);
    if (isRefusal(seen)) return seen;
    if (next(ROTATION, seen.phase, 'rollback') === null) return no.tooLate(seen);
    // What came below the new root meanwhile goes back below the old one.
    if (seen.phase !== 'prepare' && !(await this.#complete(seen.newId, seen.oldId))) return no.incomplete();
    return this.#commit('rollback', request, async (tx) => {
      const row = await this.#hold(tx, seen);
      const { reason } = request;
      return this.#move(tx, row, 'rollback', by.actor, request, { reason }, async () => {
        if (row.phase !== 'prepare') await this.#handOver(tx, row.newId, row.oldId);
      });
    });
  }

  /** One turn of the loop: completes what a crash left incomplete, and moves on what goes by itself. */
  async turn(): Promise<void> {
    const failed: unknown[] = [];
    for (const row of await store.listOpen(this.#options.db, [...SERVERS, ...AGENTS])) {
      // One that cannot go on keeps no other back.
      await this.#goOn(row).catch((error: unknown) => failed.push(error));
    }
    if (failed.length > 0) throw failed[0];
  }

  async #goOn(row: store.RotationRow): Promise<void> {
    const { db, clock } = this.#options;
    if (row.phase === 'prepare') await this.#complete(row.oldId, row.newId);
    // Weighed without a lock first: most turns find a gate that is not met.
    if (!row.automatic || (await weighGate(db, row, clock.now()))?.tally.met !== true) return;
    const request = { leaveStragglers: false, dryRun: false, from: row.phase };
    await this.advance({ tenant: row.tenant ?? INSTALLATION, actor: 'system' }, row.id, request);
  }

  /** What a phase does to the CAs when it is over. */
  async #apply(tx: Transaction, row: store.RotationRow): Promise<Readonly<Record<string, unknown>>> {
    const { clock } = this.#options;
    if (row.phase === 'prepare') await this.#handOver(tx, row.oldId, row.newId);
    if (row.phase === 'rollback') await store.retire(tx, row.newId);
    if (row.phase !== 'serve') return {};
    await store.retire(tx, row.oldId);
    if (!row.emergency) return {};
    return { revoked: await store.revokeLeaves(tx, row.oldId, clock.now(), 'the CA was in wrong hands') };
  }

  async #handOver(tx: Transaction, from: string, to: string): Promise<void> {
    // Under the lock of `move`: nobody makes a CA below `from` any more that would be missing below `to`.
    if ((await store.listMissingMembers(tx, from, to, 1)).length > 0) takeBack(no.incomplete());
    await store.handOver(tx, from, to);
  }

  async #move(
    tx: Transaction,
    row: store.RotationRow,
    event: RotationEvent,
    actor: string,
    { ifRev }: Change,
    detail: Readonly<Record<string, unknown>>,
    apply: () => Promise<Readonly<Record<string, unknown>> | void>,
  ): Promise<Rotation> {
    const trustRev = (await move(tx, ifRev ?? null)) ?? takeBack(no.changed());
    const done = await apply();
    const at = this.#options.clock.now();
    const moved = (await store.move(tx, row, event, { trustRev, at })) ?? takeBack(no.changed());
    const action =
      moved.outcome === null ? (event === 'rollback' ? 'rotation.rolledBack' : 'rotation.advanced') : 'rotation.ended';
    await this.#record(tx, moved, actor, action, { from: row.phase, ...detail, ...done });
    return this.#view(tx, moved);
  }

  /** Locks the row; refuses when it has moved since it was seen. */
  async #hold(tx: Transaction, seen: store.RotationRow): Promise<store.RotationRow> {
    const row = await store.hold(tx, seen.id);
    return row?.rev === seen.rev ? row : takeBack(no.changed('somebody else has moved this rotation'));
  }

  async #commit(
    write: RotationWrite,
    { dryRun = false }: Change,
    work: (tx: Transaction) => Promise<Rotation>,
  ): Promise<Rotation | Refusal> {
    const { writes, onChanged } = this.#options;
    const outcome = await takenBack(() =>
      writes.commit(write, async (tx) => {
        const done = await work(tx);
        return dryRun ? takeBack(done) : done;
      }),
    );
    if (!isRefusal(outcome) && !dryRun) onChanged();
    return outcome;
  }

  #complete(from: string, to: string): Promise<boolean> {
    return this.#options.material.complete(from, to);
  }

  /** A rotation that is open and does not go together with a new one of `kind`. */
  async #openBeside(db: Parameters<typeof store.listOpen>[0], kind: CaKind, tenant: string | null) {
    const family = SERVERS.includes(kind) ? SERVERS : AGENTS;
    const open = await store.listOpen(db, family);
    return open.find((row) => kind !== 'agent_ca' || row.tenant === null || row.tenant === tenant) ?? null;
  }

  async #visible(tenant: string, id: string): Promise<store.RotationRow | Refusal> {
    const { db } = this.#options;
    const viewer = await viewerOf(db, tenant);
    const row = await store.find(readingAs(db, viewer), id);
    if (row === null) return no.notFound(id);
    if (row.tenant === tenant) return row;
    return row.tenant === null && viewer.operator ? row : no.notFound(id);
  }

  /** The rotation, when the caller may move it and it stands where the caller saw it. */
  async #movable({ tenant, actor }: Actor, id: string, from: Rotation['phase'] | undefined) {
    const { db } = this.#options;
    const row = await store.find(db, id);
    if (row === null) return no.notFound(id);
    const loop = actor === 'system' && tenant === (row.tenant ?? INSTALLATION);
    if (!loop && row.tenant === null && !(await viewerOf(db, tenant)).operator) return no.operatorOnly();
    if (row.tenant !== null && row.tenant !== tenant) return no.notFound(id);
    if (row.phase === 'standby') return no.ended(row);
    if (from !== undefined && from !== row.phase) return no.changed(`the rotation is in ${row.phase} by now`);
    return row;
  }

  async #view(db: Parameters<typeof weighGate>[0], row: store.RotationRow): Promise<Rotation> {
    return rotationView(row, await weighGate(db, row, this.#options.clock.now()));
  }

  async #record(
    tx: Transaction,
    row: store.RotationRow,
    actor: string,
    action: string,
    more: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const { id, kind, phase, outcome } = row;
    const detail = { kind, phase, ...(outcome === null ? {} : { outcome }), ...more };
    await appendAudit(tx, { tenant: row.tenant ?? INSTALLATION, actor, action, subject: `rotation:${id}`, detail });
    const tenant = row.tenant ?? (await findOperator(tx));
    if (tenant === null) return;
    const at = this.#options.clock.now().toISOString();
    await appendLive(tx, [{ tenant, event: { type: 'trust.changed', at, subject: `rotation:${id}`, action } }]);
  }
}

/** For the audit log: who was not waited for. */
function leftOf({ tally }: WeighedGate): Readonly<Record<string, unknown>> {
  return { ready: tally.ready, total: tally.total, away: tally.away, leftBehind: tally.leftBehind };
}

async function viewerOf(db: Database, tenant: string): Promise<Viewer> {
  return (await findTenant(db.of(tenant), tenant)) ?? { tenant, operator: false };
}
