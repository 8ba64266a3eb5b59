/**
 * Compares files with their rows. A file that no row names (a process ended between the two, or after a row went) is taken
 * away when it is old enough; a row whose bytes are gone is told of.
 *
 * Invariants: no file goes that a row names, also one that is registered at that moment: whoever registers and this take turns
 * by the file's id, and a file that is being taken away is refused for now. What has a name that is not ours stays. Where another
 * installation keeps files in the same bucket, none of it goes.
 * Bounds: `PAGES` pages of a thousand files and `ROWS` rows in a turn; the next turn goes on there, and a pass that has ended
 * begins anew after `REST_MS`.
 */
import type { Counter, Gauge } from 'prom-client';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database/index.ts';
import type { Log } from '../platform/log.ts';
import { Metrics } from '../platform/metrics.ts';
import type { ListedObject } from '../platform/objects/objects.ts';
import type { Singletons } from '../platform/singletons.ts';
import type { ArtifactFiles, Place } from './artifact-files.ts';
import { findArtifact } from './artifact.store.ts';
import { forgetRemovals } from './history.store.ts';
import * as store from './orphan.store.ts';

export interface OrphanOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly files: ArtifactFiles;
  /** How old a file is that goes; null: none goes. */
  readonly days: number | null;
  /** What this installation is called where others may keep files too; the same on all replicas, and in no other one. */
  readonly keeper: () => Promise<string>;
  readonly metrics?: Metrics | undefined;
}

const INTERVAL_MS = 600_000;
const REST_MS = 6 * 3_600_000;
const DAY_MS = 86_400_000;
const PAGES = 10;
/** Turns of files taken in one transaction. */
const BATCH = 100;
/** Rows whose bytes are looked for in a turn: on a disk, and where each costs a request. */
const ROWS = { disk: 2_000, bucket: 200 };
/** Lines of the log about missing bytes in a turn. */
const LINES = 20;
const FIRST = { tenant: '', id: '00000000-0000-0000-0000-000000000000' };

/** Where a pass is; `rests` until then, milliseconds on the monotonic clock. */
interface Pass<At> {
  at: At | null;
  rests: number;
}

export class OrphanSweep {
  readonly #options: OrphanOptions;
  readonly #passes = new Map<Place, Pass<string>>();
  readonly #rows: Pass<{ tenant: string; id: string }> = { at: null, rests: -Infinity };
  readonly #removed: Counter<'place'>;
  readonly #bytes: Counter<'place'>;
  readonly #missing: Gauge;
  #seenMissing = 0;

  constructor(options: OrphanOptions) {
    this.#options = options;
    const { metrics = new Metrics() } = options;
    const place = ['place'] as const;
    const what = 'Files of runs that no record named and that were taken away';
    this.#removed = metrics.counter('casare_artifact_orphans_removed_total', `${what}.`, place);
    this.#bytes = metrics.counter('casare_artifact_orphan_bytes_removed_total', `${what}, bytes.`, place);
    this.#missing = metrics.gauge(
      'casare_artifacts_missing',
      'Files of runs on record whose bytes are in no place, as the last whole look over them found; 0 before.',
    );
  }

  /** One turn each ten minutes, on one replica. It stops with `singletons`. */
  start(singletons: Singletons): void {
    singletons.loop({ name: 'jobs.orphans', intervalMs: INTERVAL_MS, run: (signal) => this.turn(signal) });
  }

  /** One turn. @throws Fault ARTIFACT_STORE_UNREACHABLE; then the next one goes on where this one was. */
  async turn(signal: AbortSignal): Promise<void> {
    const { files } = this.#options;
    for (const place of files.places) await this.#sweep(place, signal);
    await this.#lookForBytes(signal);
  }

  async #sweep(place: Place, signal: AbortSignal): Promise<void> {
    const { clock, days, files } = this.#options;
    const pass = this.#passes.get(place) ?? { at: null, rests: -Infinity };
    this.#passes.set(place, pass);
    if (days === null || clock.monotonicMs() < pass.rests) return;
    if (place === 'bucket' && !(await this.#isOurs())) return;
    const before = clock.now().getTime() - days * DAY_MS;
    for (let page = 0; page < PAGES && !signal.aborted; page++) {
      const { objects, next } = await files.list(place, pass.at);
      await this.#remove(
        place,
        objects.filter(({ at }) => at.getTime() < before),
      );
      pass.at = next;
      if (next !== null) continue;
      pass.rests = clock.monotonicMs() + REST_MS;
      return;
    }
  }

  /** What another installation stored is on no record here. */
  async #isOurs(): Promise<boolean> {
    const { files, log } = this.#options;
    const others = await files.otherKeepers(await this.#name());
    if (others.length === 0) return true;
    log.warn(
      'files that no record names stay in the bucket: another installation, or this one before a restore, has its name there',
      {
        others: others.slice(0, 10),
        fix: 'give each installation a CASARE_S3_PREFIX of its own, or remove the names of those that are no more from .installations/',
      },
    );
    return false;
  }

  /** A record that was restored has forgotten files that are no orphans to whoever restores a later one. */
  async #name(): Promise<string> {
    return `${await this.#options.keeper()}-${await store.epochOfRecord(this.#options.db)}`;
  }

  async #remove(place: Place, old: readonly ListedObject[]): Promise<void> {
    for (const [tenant, ofTenant] of Map.groupBy(old, (object) => object.tenant)) {
      for (let from = 0; from < ofTenant.length; from += BATCH) {
        await this.#removeSome(place, tenant, ofTenant.slice(from, from + BATCH));
      }
    }
  }

  async #removeSome(place: Place, tenant: string, old: readonly ListedObject[]): Promise<void> {
    const { db, files, log } = this.#options;
    // An upload that goes on has a file of its own; what is left of others is nobody's, also where the whole is on record.
    for (const { id, unfinished } of old) if (unfinished) await files.removeParts(tenant, id);
    const whole = old.filter(({ unfinished }) => !unfinished);
    const ids = whole.map(({ id }) => id);
    const gone = new Set(ids.length === 0 ? [] : await store.claimOrphans(db, tenant, ids));
    for (const id of gone) await files.remove(tenant, id);
    await forgetRemovals(
      db,
      [...gone].map((id) => ({ tenant, id })),
    );
    const taken = old.filter(({ id, unfinished }) => unfinished === true || gone.has(id));
    if (taken.length === 0) return;
    const bytes = taken.reduce((sum, object) => sum + object.bytes, 0);
    this.#removed.inc({ place }, taken.length);
    this.#bytes.inc({ place }, bytes);
    log.info('files that no record names were taken away', {
      ...{ place, tenant, files: taken.length, bytes },
      ids: taken.slice(0, 10).map(({ id }) => id),
    });
  }

  async #lookForBytes(signal: AbortSignal): Promise<void> {
    const { db, clock, files, log } = this.#options;
    if (clock.monotonicMs() < this.#rows.rests) return;
    const limit = ROWS[files.places.at(-1)!];
    const rows = await store.listNamed(db, this.#rows.at ?? FIRST, limit);
    let lines = 0;
    for (const { tenant, id, job } of rows) {
      if (signal.aborted) return;
      // Removed meanwhile, row first: then it is not missing.
      const isMissing = !(await files.has(tenant, id)) && (await findArtifact(db, tenant, id)) !== null;
      this.#rows.at = { tenant, id };
      if (!isMissing) continue;
      this.#seenMissing++;
      if (lines++ < LINES)
        log.error('the bytes of a file on record are gone: restore them from a backup', { tenant, id, job });
    }
    if (rows.length === limit) {
      this.#missing.set(Math.max(this.#seenMissing, (await this.#missing.get()).values[0]?.value ?? 0));
      return;
    }
    this.#missing.set(this.#seenMissing);
    this.#seenMissing = 0;
    Object.assign(this.#rows, { at: null, rests: clock.monotonicMs() + REST_MS });
  }
}
