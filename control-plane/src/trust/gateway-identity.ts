/**
 * The gateways' own certificate: a key that lives in this process alone, certified at the start and anew at two thirds
 * of its life. Listeners take the new one without dropping a connection.
 */
import { generateKey, toPem, type ServerIdentity, type Signer } from '@casare/certs';
import { appendAudit } from '../audit/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database/index.ts';
import { Fault } from '../platform/errors.ts';
import type { Log } from '../platform/log.ts';
import { startLoop, type Loop } from '../platform/loop.ts';
import { INSTALLATION, type Authorities } from './authorities.ts';
import { isAway, signerFault } from './signer.ts';

export interface GatewayIdentityOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly signer: Signer;
  readonly authorities: Authorities;
  /** DNS names and addresses that agents reach the listeners by. */
  readonly hosts: readonly string[];
}

interface Held {
  readonly identity: ServerIdentity;
  readonly renewAt: Date;
}

const CHECK_MS = 60_000;

export class GatewayIdentity {
  readonly #options: GatewayIdentityOptions;
  readonly #listeners = new Set<(identity: ServerIdentity) => void>();
  #held: Held | null = null;
  #loop: Loop | null = null;

  constructor(options: GatewayIdentityOptions) {
    this.#options = options;
  }

  /** Gets the first certificate and keeps it fresh until `stop`. */
  async start(): Promise<void> {
    this.#held = await this.#issue();
    const { log } = this.#options;
    this.#loop = startLoop({ name: 'gateway certificate', intervalMs: CHECK_MS, log, run: () => this.renewIfDue() });
  }

  async stop(): Promise<void> {
    await this.#loop?.stop();
  }

  /** Key and chain for a listener. Throws before `start`. */
  get current(): ServerIdentity {
    if (this.#held === null) throw new Error('the gateway has no certificate before trust was started');
    return this.#held.identity;
  }

  /** Tells `listener` of every renewed identity, until the returned function is called. */
  onRenewed(listener: (identity: ServerIdentity) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** One turn of the renewal loop. */
  async renewIfDue(): Promise<void> {
    if (this.#held !== null && this.#options.clock.now() < this.#held.renewAt) return;
    this.#held = await this.#issue();
    for (const listener of this.#listeners) listener(this.#held.identity);
  }

  async #issue(): Promise<Held> {
    const { authorities, signer, hosts, db } = this.#options;
    const ca = await authorities.serverCa();
    const pair = await generateKey('P-256');
    const publicKey = Buffer.from(pair.publicKey).toString('base64');
    const signed = await signer.signGatewayLeaf({ issuer: ca.id, publicKey, hosts: [...hosts] });
    if (!signed.ok)
      throw isAway(signed) ? signerFault('The gateway got no certificate', signed) : notCertified(signed.message);
    const { serial, certificate, notBefore, notAfter } = signed.value;
    await db.transaction((tx) =>
      appendAudit(tx, {
        tenant: INSTALLATION,
        actor: 'system',
        action: 'gatewayCertificate.issued',
        subject: `certificate:${serial}`,
        detail: { hosts, notAfter },
      }),
    );
    const [start, end] = [Date.parse(notBefore), Date.parse(notAfter)];
    return {
      identity: {
        privateKeyPem: toPem('PRIVATE KEY', pair.privateKey),
        chainPem: `${certificate}${ca.certificatePem}`,
      },
      renewAt: new Date(start + ((end - start) * 2) / 3),
    };
  }
}

function notCertified(why: string): Fault {
  return new Fault({
    code: 'GATEWAY_NOT_CERTIFIED',
    what: 'The gateway got no certificate',
    why,
    fix: 'Check CASARE_HOST, CASARE_PUBLIC_ENROL_URL and CASARE_PUBLIC_TUNNEL_URL',
  });
}
