/**
 * The gateway's own certificates: keys that live in this process alone, certified at the start, anew at two thirds of
 * their life, and by the next CA while one comes. Listeners take what is presented without dropping a connection.
 *
 * Invariants: a certificate is used only after its row and its audit event were committed; what is presented follows the
 * view of trust, level-triggered, so that a process that starts in the middle of a rotation does what the phase says;
 * while the next certificate cannot be had, the one before it goes on.
 */
import { generateKey, presentedChain, toPem, type ServerIdentity, type Signer } from '@casare/certs';
import { appendAudit } from '../audit/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database/index.ts';
import { Fault } from '../platform/errors.ts';
import type { Log } from '../platform/log.ts';
import { startLoop, type Loop } from '../platform/loop.ts';
import { INSTALLATION, type Authorities } from './authorities.ts';
import { findGatewayCa, type GatewayCaRow } from './ca.store.ts';
import { insertGatewayCertificate, saveReport, type GatewayReport } from './gateway.store.ts';
import type { RotationWrites } from './rotation-writes.ts';
import { isAway, signerFault } from './signer.ts';
import type { TrustView, TrustViews } from './trust-view.ts';

export interface GatewayIdentityOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly signer: Signer;
  readonly authorities: Pick<Authorities, 'open'>;
  readonly views: Pick<TrustViews, 'current' | 'onChanged'>;
  readonly writes: RotationWrites;
  /** DNS names and addresses that agents reach the listeners by. */
  readonly hosts: readonly string[];
}

/** A certificate that this process holds. */
export interface HeldIdentity {
  readonly caId: string;
  readonly identity: ServerIdentity;
  /**
   * Roots by which the presented chain can be verified, PEM: first the one at its end, which the enrol listener appends
   * so that agents find their pin, then the newer one.
   */
  readonly anchors: readonly string[];
  readonly renewAt: Date;
}

const CHECK_MS = 5_000;

export class GatewayIdentity {
  readonly #options: GatewayIdentityOptions;
  readonly #listeners = new Set<(identity: ServerIdentity) => void>();
  /** By CA: what is presented, and what is ready to be. */
  #held = new Map<string, HeldIdentity>();
  #presented: HeldIdentity | null = null;
  #ready: string | null = null;
  #turn: Promise<void> = Promise.resolve();
  #loop: Loop | null = null;
  #unfollow = () => {};

  constructor(options: GatewayIdentityOptions) {
    this.#options = options;
  }

  /** Gets the first certificates and keeps them as the view of trust says until `stop`; the view was loaded before. */
  async start(): Promise<void> {
    await this.renewIfDue();
    const { log, views } = this.#options;
    const loop = startLoop({
      name: 'gateway certificate',
      intervalMs: CHECK_MS,
      log,
      run: () => this.renewIfDue(),
    });
    this.#loop = loop;
    this.#unfollow = views.onChanged(() => loop.wake());
  }

  async stop(): Promise<void> {
    this.#unfollow();
    await this.#loop?.stop();
  }

  /** The chain that listeners present, PEM; null before `start`. */
  get chainPem(): string | null {
    return this.#presented?.identity.chainPem ?? null;
  }

  /** Key and chain for a listener. Throws before `start`. */
  get current(): ServerIdentity {
    return this.presented.identity;
  }

  /** What listeners present. Throws before `start`. */
  get presented(): HeldIdentity {
    if (this.#presented === null) throw new Error('the gateway has no certificate before trust was started');
    return this.#presented;
  }

  /** Tells `listener` of every identity that is presented from now on, until the returned function is called. */
  onRenewed(listener: (identity: ServerIdentity) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** One turn: gets what is missing or due; turns never overlap. */
  renewIfDue(): Promise<void> {
    const turn = this.#turn.then(() => this.#follow(this.#options.views.current));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** What this gateway may say once its listeners have taken the view `rev`. */
  reportAt(rev: number): GatewayReport {
    return { rev, presentedCa: this.#presented?.caId ?? null, readyCa: this.#ready };
  }

  /** Puts a report on record for the gateway `id`; false when its row is gone. */
  report(id: string, report: GatewayReport): Promise<boolean> {
    return this.#options.writes.commit('gatewayReport', (tx) => saveReport(tx, id, report));
  }

  async #follow({ presentedCa, readyCa }: Pick<TrustView, 'presentedCa' | 'readyCa'>): Promise<void> {
    if (presentedCa === null) throw notCertified('there is no server CA');
    const presented = await this.#fresh(presentedCa);
    this.#held.set(presentedCa, presented);
    this.#present(presented);
    const next = readyCa === null ? presented : await this.#fresh(readyCa);
    this.#held = new Map([presented, next].map((held) => [held.caId, held]));
    this.#ready = next.caId;
  }

  #present(held: HeldIdentity): void {
    if (this.#presented === held) return;
    this.#presented = held;
    for (const listener of this.#listeners) listener(held.identity);
  }

  async #fresh(caId: string): Promise<HeldIdentity> {
    const held = this.#held.get(caId);
    return held !== undefined && this.#options.clock.now() < held.renewAt ? held : this.#issue(caId);
  }

  async #issue(caId: string): Promise<HeldIdentity> {
    const { authorities, signer, hosts, db, writes, clock } = this.#options;
    const ca = await findGatewayCa(db, caId, clock.now());
    if (ca === null) throw notCertified(`the server CA ${caId} is not on record`);
    await authorities.open(ca);
    const pair = await generateKey('P-256');
    const publicKey = Buffer.from(pair.publicKey).toString('base64');
    const signed = await signer.signGatewayLeaf({ issuer: caId, publicKey, hosts: [...hosts] });
    if (!signed.ok) {
      throw isAway(signed) ? signerFault('The gateway got no certificate', signed) : notCertified(signed.message);
    }
    const { serial, certificate, notBefore, notAfter } = signed.value;
    await writes.commit('gatewayCertificate', async (tx) => {
      const row = { serial, caId, certificatePem: certificate, notAfter: new Date(notAfter) };
      await insertGatewayCertificate(tx, row);
      await appendAudit(tx, {
        tenant: INSTALLATION,
        actor: 'system',
        action: 'gatewayCertificate.issued',
        subject: `certificate:${serial}`,
        detail: { hosts, notAfter, ca: caId },
      });
    });
    const [start, end] = [Date.parse(notBefore), Date.parse(notAfter)];
    const identity = {
      privateKeyPem: toPem('PRIVATE KEY', pair.privateKey),
      chainPem: presentedChain(certificate, ca.certificatePem, ca.crossPem),
    };
    return { caId, identity, anchors: anchorsOf(ca), renewAt: new Date(start + ((end - start) * 2) / 3) };
  }
}

function anchorsOf({ rootPem, crossRootPem }: GatewayCaRow): string[] {
  return crossRootPem === null ? [rootPem] : [crossRootPem, rootPem];
}

function notCertified(why: string): Fault {
  return new Fault({
    code: 'GATEWAY_NOT_CERTIFIED',
    what: 'The gateway got no certificate',
    why,
    fix: 'Check CASARE_HOST, CASARE_PUBLIC_ENROL_URL and CASARE_PUBLIC_TUNNEL_URL',
  });
}
