/**
 * The CAs of a rotation: the new one, and what stands below a new root.
 *
 * Invariant: a CA signs others only after its own row was committed, so what stands below a new root is made after the
 * start, each in a transaction of its own. Whoever finds some missing makes them: after a crash any replica does.
 */
import type { Result, SignedCa, Signer, SignerCode } from '@casare/certs';
import type { CaKind } from '@casare/shared/api';
import { appendAudit } from '../audit/index.ts';
import type { Database, Transaction } from '../platform/database/index.ts';
import type { Ids } from '../platform/ids.ts';
import { refuse, type Refusal } from '../platform/refusal.ts';
import { INSTALLATION, type Authorities } from './authorities.ts';
import * as cas from './ca.store.ts';
import type { RotationWrites } from './rotation-writes.ts';
import * as store from './rotation.store.ts';
import { signerFault } from './signer.ts';

export interface MaterialOptions {
  readonly db: Database;
  readonly ids: Ids;
  readonly signer: Signer;
  readonly authorities: Authorities;
  readonly writes: RotationWrites;
}

/** The CA that comes: one that stands by already, or one to be kept with the start. */
export interface Coming {
  readonly id: string;
  readonly made: cas.NewCa | null;
}

/** CAs below a root made in one go: more follow in the next. */
const BATCH = 100;

export class RotationMaterial {
  readonly #options: MaterialOptions;

  constructor(options: MaterialOptions) {
    this.#options = options;
  }

  /** The CA that comes after `old`; keeps nothing. @throws Fault SIGNER_DOWN */
  async next(old: cas.CaRow, emergency: boolean, standby: string | undefined): Promise<Coming | Refusal> {
    if (standby !== undefined) return this.#standby(old, standby);
    const { kind, tenant } = old;
    const id = this.#options.ids.next();
    if (kind === 'server_root' || kind === 'agent_root') return this.#nextRoot(old, kind, id, emergency);
    const issuer = old.issuerId === null ? null : await cas.findCa(this.#options.db, old.issuerId);
    if (issuer === null || issuer.sealedKey === null) return rootOffline();
    return { id, made: await this.#below(issuer, kind, tenant, id) };
  }

  /** Makes what root `to` lacks of what root `from` has; true when nothing lacks any more. @throws Fault SIGNER_DOWN */
  async complete(from: string, to: string): Promise<boolean> {
    const missing = await store.listMissingMembers(this.#options.db, from, to, BATCH);
    if (missing.length === 0) return true;
    const issuer = await cas.findCa(this.#options.db, to);
    if (issuer === null || issuer.state === 'retired' || issuer.sealedKey === null) return false;
    for (const { kind, tenant } of missing) {
      const made = await this.#below(issuer, kind, tenant, this.#options.ids.next());
      await this.#options.writes.commit('member', async (tx) => {
        // Another replica may have been quicker.
        const lacks = await store.holdMissing(tx, from, to, kind, tenant);
        if (lacks) await this.keep(tx, made, 'system');
      });
    }
    return missing.length < BATCH || this.complete(from, to);
  }

  /** Keeps a new CA, which stands by. */
  async keep(tx: Transaction, made: cas.NewCa, actor: string): Promise<void> {
    const { id, kind, tenant, keyId, notAfter } = made;
    await cas.insertStandbyCa(tx, made);
    await appendAudit(tx, {
      tenant: tenant ?? INSTALLATION,
      actor,
      action: 'ca.created',
      subject: `ca:${id}`,
      detail: { kind, keyId, notAfter: notAfter.toISOString(), crossSigned: made.cross !== undefined },
    });
  }

  async #standby(old: cas.CaRow, id: string): Promise<Coming | Refusal> {
    const found = await cas.findCa(this.#options.db, id);
    const fits =
      found?.state === 'standby' &&
      found.kind === old.kind &&
      found.tenant === old.tenant &&
      found.issuerId === old.issuerId &&
      found.sealedKey !== null;
    return fits ? { id, made: null } : noAuthority(id);
  }

  async #nextRoot(
    old: cas.CaRow,
    kind: 'server_root' | 'agent_root',
    id: string,
    emergency: boolean,
  ): Promise<Coming | Refusal> {
    const { signer, authorities } = this.#options;
    const crosses = kind === 'server_root' && !emergency;
    if (crosses && old.sealedKey === null) return rootOffline();
    const root = answer(await signer.createRoot({ id, kind: kind === 'server_root' ? 'server' : 'agent' }));
    const made = rowOf(root, { id, kind, tenant: null, issuerId: null });
    if (!crosses) return { id, made };
    await authorities.open(old);
    const cross = answer(await signer.crossSignRoot({ issuer: old.id, root: root.certificate }));
    return { id, made: { ...made, cross: { pem: cross.certificate, issuerId: old.id } } };
  }

  async #below(issuer: cas.CaRow, kind: CaKind, tenant: string | null, id: string): Promise<cas.NewCa> {
    const { signer, authorities } = this.#options;
    await authorities.open(issuer);
    const signed =
      tenant === null
        ? await signer.signServerCa({ issuer: issuer.id, id })
        : await signer.signAgentCa({ issuer: issuer.id, id, tenant });
    return rowOf(answer(signed), { id, kind, tenant, issuerId: issuer.id });
  }
}

function rowOf(ca: SignedCa, of: Pick<cas.NewCa, 'id' | 'kind' | 'tenant' | 'issuerId'>): cas.NewCa {
  const { keyId, certificate: certificatePem, sealedKey, notAfter } = ca;
  return { ...of, keyId, certificatePem, sealedKey, notAfter: new Date(notAfter) };
}

function answer<T>(result: Result<T, SignerCode>): T {
  if (result.ok) return result.value;
  throw signerFault('A CA could not be made; what was made already is kept', result);
}

function rootOffline(): Refusal {
  return refuse('unprocessable', 'ROOT_OFFLINE', 'The root that would have to sign is not on this server.', {
    fix: 'Make a request with casare-certs root csr, sign it where the root is, import it, and name it as authority.',
  });
}

function noAuthority(id: string): Refusal {
  return refuse('not_found', 'AUTHORITY_NOT_FOUND', `There is no CA ${id} that stands by for this.`, {
    fix: 'List the CAs: it must be of this kind, stand by, and come from the same root.',
  });
}
