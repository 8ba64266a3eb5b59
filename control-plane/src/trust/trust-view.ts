/**
 * What this process has loaded of trust: the anchors its listeners verify by, the chain they present, the bundle agents
 * are to hold. Everything that acts on trust reads it here, level-triggered: after a crash the next view says the same.
 *
 * Invariant: a view is replaced as a whole, and only by a newer one; a notification makes it quicker, polling makes it
 * true.
 */
import { bundleDigest, directAnchors } from '@casare/certs';
import type { Clock } from '../platform/clock.ts';
import type { Database, Queryable, Subscription } from '../platform/database/index.ts';
import type { Log } from '../platform/log.ts';
import { startLoop, type Loop } from '../platform/loop.ts';
import { findActiveCa, listOutgoingAgentCas, listRecalledRoots, listTrustedCas } from './ca.store.ts';
import { gatewayCas } from './rotation.decision.ts';
import { findOutgoingServerCa, listOpen, listUrgentCas } from './rotation.store.ts';
import { currentRev } from './trust-state.store.ts';

/** Trust as of `rev`. */
export interface TrustView {
  readonly rev: number;
  /** Roots that agents are to trust gateways by. */
  readonly bundle: { readonly digest: string; readonly roots: readonly string[] };
  /**
   * Anchors for agents' certificates, PEM; also of roots that went out by a plan, below which admission refuses and tells
   * agents to renew.
   */
  readonly agentAnchors: readonly string[];
  /**
   * Agent CAs that may stand as anchors beside these: signed by one of them, which was verified here. Empty when there are
   * many: each handshake carries the names of all anchors.
   */
  readonly directAnchors: readonly string[];
  /** The server CA whose chain listeners present; null before the first start has made one. */
  readonly presentedCa: string | null;
  /** The server CA to be presented next, of which every gateway must hold a certificate by then; null: none. */
  readonly readyCa: string | null;
  /** Agent CAs that sign no more and are still accepted: agents must replace certificates of theirs. */
  readonly outgoingCas: readonly string[];
  /** Agent CAs in wrong hands (emergency): agents must replace certificates of theirs at once. */
  readonly urgentCas: readonly string[];
}

export interface TrustViewsOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
}

type Listener = (view: TrustView) => void | Promise<void>;

const POLL_MS = 1_000;
/** Agent CAs beside their roots at most. */
const DIRECT_ANCHORS = 8;
/** Notified after every change of trust. */
export const TRUST_CHANNEL = 'casare_trust';

export class TrustViews {
  readonly #options: TrustViewsOptions;
  readonly #listeners = new Set<Listener>();
  #view: TrustView | null = null;
  #loop: Loop | null = null;
  #subscription: Subscription | null = null;

  constructor(options: TrustViewsOptions) {
    this.#options = options;
  }

  /** Loads the first view and follows changes until `stop`. */
  async start(): Promise<void> {
    const { db, log } = this.#options;
    this.#view = await this.#load();
    const loop = startLoop({ name: 'trust view', intervalMs: POLL_MS, log, run: () => this.refresh() });
    this.#loop = loop;
    this.#subscription = await db.listen(TRUST_CHANNEL, () => loop.wake(), { onConnected: () => loop.wake() });
  }

  async stop(): Promise<void> {
    await this.#subscription?.close();
    await this.#loop?.stop();
  }

  /** Throws before `start`. */
  get current(): TrustView {
    if (this.#view === null) throw new Error('there is no view of trust before trust was started');
    return this.#view;
  }

  /** Calls `listener` with every newer view, until the returned function is called. */
  onChanged(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** After COMMIT of a change: this replica looks at once, the others are woken. */
  changed(): void {
    this.#options.db.notify(TRUST_CHANNEL);
    this.#loop?.wake();
  }

  /** One turn: loads a newer view, if there is one, and tells the listeners, one after the other. */
  async refresh(): Promise<void> {
    if ((await currentRev(this.#options.db)) === this.#view?.rev) return;
    const view = await this.#load();
    this.#view = view;
    for (const listener of this.#listeners) await listener(view);
  }

  /** All of it as of one moment. */
  #load(): Promise<TrustView> {
    const { db, clock } = this.#options;
    const now = clock.now();
    const load = async (tx: Queryable): Promise<TrustView> => {
      const rev = await currentRev(tx);
      const roots = await listTrustedCas(tx, 'server_root', now);
      const anchors = await listTrustedCas(tx, 'agent_root', now);
      const agentAnchors = [...anchors, ...(await listRecalledRoots(tx, now))];
      const agentCas = await listTrustedCas(tx, 'agent_ca', now);
      const direct = directAnchors(agentCas.length > DIRECT_ANCHORS ? [] : agentCas, agentAnchors);
      const [rotation] = await listOpen(tx, ['server_ca', 'server_root']);
      const active = (await findActiveCa(tx, 'server_ca', null))?.id ?? null;
      const outgoing = rotation === undefined ? null : await findOutgoingServerCa(tx, rotation.oldId);
      const { presented, ready } = gatewayCas(rotation?.phase ?? null, active, outgoing);
      const outgoingCas = await listOutgoingAgentCas(tx);
      const urgentCas = await listUrgentCas(tx);
      const bundle = { digest: bundleDigest(roots), roots };
      const serverCas = { presentedCa: presented, readyCa: ready };
      return { rev, bundle, agentAnchors, directAnchors: direct, ...serverCas, outgoingCas, urgentCas };
    };
    return db.transaction(load, { isolation: 'repeatable read', readOnly: true });
  }
}
