/**
 * The CAs of this installation: made when they are missing, kept sealed, opened only inside the signer.
 *
 * Invariants: a CA's row and its audit event are committed before the signer may use it, so no certificate comes from a
 * CA that a crash could forget; of two replicas that start at once one makes it and the other uses the same.
 */
import type { Result, SignedCa, Signer, SignerCode } from '@casare/certs';
import type { CaKind } from '@casare/shared/api';
import { appendAudit } from '../audit/index.ts';
import type { Database } from '../platform/database/index.ts';
import { Fault } from '../platform/errors.ts';
import type { Ids } from '../platform/ids.ts';
import type { Clock } from '../platform/clock.ts';
import { listOffline } from './authority-request.store.ts';
import * as store from './ca.store.ts';
import { pinsOldRoot } from './rotation.decision.ts';
import * as rotations from './rotation.store.ts';
import { isAway, signerFault } from './signer.ts';

/** The audit log's tenant for what belongs to the installation; no tenant can have this name. */
export const INSTALLATION = '_installation';

export interface AuthoritiesOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly signer: Signer;
}

/** A CA the signer has opened. */
export interface OpenCa {
  readonly id: string;
  readonly certificatePem: string;
  /** Its key is at a safe: it signs nothing here. */
  readonly offline: boolean;
}

/** A CA that the signer made, and the one that signed it. */
interface Made {
  readonly issuerId: string | null;
  readonly signed: Result<SignedCa, SignerCode>;
}

/** Replicas can win and lose against each other only once; more means that something is broken. */
const TRIES = 3;

export class Authorities {
  readonly #options: AuthoritiesOptions;
  readonly #opened = new Set<string>();

  constructor(options: AuthoritiesOptions) {
    this.#options = options;
  }

  /** Makes what is missing of both roots and the server CA. @throws Fault CA_KEY_UNUSABLE, CA_NOT_MADE */
  async start(): Promise<void> {
    await this.serverRoot();
    await this.#agentRoot();
    await this.serverCa();
  }

  /** The root below which gateways are signed. */
  serverRoot(): Promise<OpenCa> {
    const { signer } = this.#options;
    return this.#ensure('server_root', null, async (id) => ({
      issuerId: null,
      signed: await signer.createRoot({ id, kind: 'server' }),
    }));
  }

  /** The CA that signs gateways; in a rotation another one may still be presented, see `TrustView`. */
  serverCa(): Promise<OpenCa> {
    return this.#ensure('server_ca', null, async (id) => {
      const issuerId = signing(await this.serverRoot(), 'server_ca');
      return { issuerId, signed: await this.#options.signer.signServerCa({ issuer: issuerId, id }) };
    });
  }

  /** The CA that signs a tenant's agents, made on first use. */
  agentCa(tenant: string): Promise<OpenCa> {
    return this.#ensure('agent_ca', tenant, async (id) => {
      const issuerId = signing(await this.#agentRoot(), `agent_ca --tenant ${tenant}`);
      return { issuerId, signed: await this.#options.signer.signAgentCa({ issuer: issuerId, id, tenant }) };
    });
  }

  /**
   * The root that a new join token pins: one by which enrolment can be verified for as long as the token may live. While
   * a root comes that may still be taken back, it is the old one; the cross certificate serves it afterwards.
   */
  async pinRoot(): Promise<{ readonly certificatePem: string }> {
    const { db } = this.#options;
    const [rotation] = await rotations.listOpen(db, ['server_root']);
    const old = rotation !== undefined && pinsOldRoot(rotation) ? await store.findCa(db, rotation.oldId) : null;
    return old ?? this.serverRoot();
  }

  /** The anchors for agents' certificates, PEM. */
  agentAnchors(): Promise<string[]> {
    return store.listTrustedCas(this.#options.db, 'agent_root', this.#options.clock.now());
  }

  /** The anchors that agents are given for gateways, PEM. */
  serverAnchors(): Promise<string[]> {
    return store.listTrustedCas(this.#options.db, 'server_root', this.#options.clock.now());
  }

  /** Closes in the signer what was taken offline since it was opened. */
  async closeOffline(): Promise<void> {
    for (const id of await listOffline(this.#options.db, [...this.#opened])) {
      const closed = await this.#options.signer.removeIssuer({ id });
      // A signer that is away has nothing open, and its client has forgotten the CA.
      if (closed.ok || isAway(closed)) this.#opened.delete(id);
    }
  }

  #agentRoot(): Promise<OpenCa> {
    const { signer } = this.#options;
    return this.#ensure('agent_root', null, async (id) => ({
      issuerId: null,
      signed: await signer.createRoot({ id, kind: 'agent' }),
    }));
  }

  /** The active CA, opened; the row is read each time, since another replica may have rotated it. */
  async #ensure(kind: CaKind, tenant: string | null, make: (id: string) => Promise<Made>): Promise<OpenCa> {
    for (let turn = 0; turn < TRIES; turn++) {
      const found = await store.findActiveCa(this.#options.db, kind, tenant);
      if (found) return this.open(found);
      await this.#make(kind, tenant, make);
    }
    throw notMade(kind, 'it vanished again and again after it was made');
  }

  async #make(kind: CaKind, tenant: string | null, make: (id: string) => Promise<Made>): Promise<void> {
    const id = this.#options.ids.next();
    const { issuerId, signed } = await make(id);
    if (!signed.ok) {
      throw isAway(signed) ? signerFault(`The CA ${kind} could not be made`, signed) : notMade(kind, signed.message);
    }
    const { keyId, certificate, sealedKey, notAfter } = signed.value;
    const of = { id, kind, tenant, keyId, issuerId };
    await this.#options.db.transaction(async (tx) => {
      const row = { ...of, certificatePem: certificate, sealedKey, notAfter: new Date(notAfter) };
      if (!(await store.insertActiveCa(tx, row))) return;
      await appendAudit(tx, {
        tenant: tenant ?? INSTALLATION,
        actor: 'system',
        action: 'ca.created',
        subject: `ca:${id}`,
        detail: { kind, keyId, notAfter },
      });
    });
  }

  /** Opens a CA whose row is committed, in the signer. @throws Fault CA_KEY_UNUSABLE */
  async open(row: store.CaRow): Promise<OpenCa> {
    if (!this.#opened.has(row.id) && row.sealedKey !== null) {
      const { id, certificatePem: certificate, sealedKey } = row;
      const opened = await this.#options.signer.addIssuer({ id, certificate, sealedKey });
      if (!opened.ok)
        throw isAway(opened)
          ? signerFault(`The CA ${row.kind} could not be opened`, opened)
          : unusable(row, opened.message);
      this.#opened.add(id);
    }
    return { id: row.id, certificatePem: row.certificatePem, offline: row.sealedKey === null };
  }
}

/** The root's id, when it can sign here. `wanted`: the ceremony that makes the CA otherwise. */
function signing(root: OpenCa, wanted: string): string {
  if (!root.offline) return root.id;
  throw new Fault({
    code: 'ROOT_OFFLINE',
    what: 'A CA is missing, and the root that signs it is offline',
    why: 'its key was taken off this server',
    fix: `Run \`casare-certs root csr --kind ${wanted}\`, sign the request at the safe by \`root sign\`, and \`root import\` the certificate`,
    status: 503,
  });
}

function notMade(kind: CaKind, why: string): Fault {
  return new Fault({ code: 'CA_NOT_MADE', what: `The CA ${kind} could not be made`, why, status: 503 });
}

function unusable(row: store.CaRow, why: string): Fault {
  return new Fault({
    code: 'CA_KEY_UNUSABLE',
    what: `The key of the CA ${row.kind} cannot be used`,
    why,
    fix: 'Start with the master.key that this database was made with; replicas share one CASARE_HOME',
    status: 503,
  });
}
