/**
 * Roots between the server and a safe: exported, forgotten here, and taken from there. Only for a person on the server
 * itself, never over REST: exporting needs the master key, which the signer's user alone can read.
 *
 * Invariant: a key is forgotten only for who has shown that the exported file opens and holds it; every step is audited.
 */
import { checkRoot, exportRootKey, verifyRootFiles, type RootFiles, type Signer } from '@casare/certs';
import { appendAudit } from '../audit/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Transaction } from '../platform/database/index.ts';
import type { Ids } from '../platform/ids.ts';
import { refuse, type Refusal } from '../platform/refusal.ts';
import { INSTALLATION } from './authorities.ts';
import * as store from './authority-request.store.ts';
import { findActiveCa } from './ca.store.ts';
import type { ChangeOptions, TrustChanges } from './change.ts';

export interface RootKeysOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly signer: Signer;
  readonly changes: TrustChanges;
}

export type RootKind = 'server' | 'agent';

/** A root by its id, or the active one of a kind. */
export type WhichRoot = { readonly id: string } | { readonly kind: RootKind };

export interface ExportedRoot extends RootFiles {
  readonly id: string;
  readonly kind: RootKind;
}

export class RootKeys {
  readonly #options: RootKeysOptions;

  constructor(options: RootKeysOptions) {
    this.#options = options;
  }

  /** The root's certificate and its key, encrypted by the passphrase. The server keeps its own copy. */
  async exportRoot(
    actor: string,
    which: WhichRoot,
    { masterKey, passphrase }: { readonly masterKey: Uint8Array; readonly passphrase: string },
  ): Promise<ExportedRoot | Refusal> {
    const { db } = this.#options;
    const root = await this.#find(which);
    if (root === null) return notFound();
    const { id, certificatePem: certificate, sealedKey } = root;
    if (sealedKey === null) return offlineAlready();
    const exported = await exportRootKey({ id, certificate, sealedKey, masterKey, passphrase });
    if (!exported.ok) return refuse('unprocessable', exported.code, 'The root is not exported.', because(exported));
    await db.transaction((tx) => record(tx, actor, 'root.exported', root));
    return { id, kind: kindOf(root), ...exported.value };
  }

  /**
   * Forgets the root's key on this server, after `files` was shown to hold it. Gateways close it in their signers within
   * seconds. Backups of the database still hold it, sealed.
   */
  async takeOffline(
    actor: string,
    which: WhichRoot,
    { files, passphrase, ...how }: ChangeOptions & { readonly files: RootFiles; readonly passphrase: string },
  ): Promise<{ readonly id: string; readonly kind: RootKind } | Refusal> {
    const { changes, signer } = this.#options;
    const root = await this.#find(which);
    if (root === null) return notFound();
    const shown = await verifyRootFiles({ key: files.key, certificate: root.certificatePem }, passphrase);
    if (!shown.ok) {
      return refuse('unprocessable', shown.code, "The file does not hold this root's key: the server keeps it.", {
        ...because(shown),
        fix: 'Export the root, and try again with that file and its passphrase.',
      });
    }
    const done = await changes.make(how, async (tx) => {
      const rotation = await store.findOpenRotation(tx, root.id);
      if (rotation !== null) return rotating(rotation);
      if (!(await store.removeKey(tx, root.id))) return offlineAlready();
      await record(tx, actor, 'root.takenOffline', root);
      return { id: root.id, kind: kindOf(root) };
    });
    if (how.dryRun !== true) await signer.removeIssuer({ id: root.id });
    return done;
  }

  /** Makes a root that was made elsewhere the installation's, where there is none yet: before the first start. */
  async importRoot(
    actor: string,
    kind: RootKind,
    { certificatePem, ...how }: ChangeOptions & { readonly certificatePem: string },
  ): Promise<{ readonly id: string; readonly kind: RootKind; readonly keyId: string } | Refusal> {
    const { clock, ids, changes } = this.#options;
    const checked = checkRoot(certificatePem, kind, clock.now());
    if (!checked.ok) return refuse('unprocessable', checked.code, 'The root is not taken.', because(checked));
    const { certificate, keyId, notAfter } = checked.value;
    const id = ids.next();
    return changes.make(how, async (tx) => {
      if (await store.hasKind(tx, `${kind}_root`)) return exists(kind);
      const ca = { id, kind: `${kind}_root`, tenant: null, keyId, notAfter, certificatePem: certificate } as const;
      await store.insertImported(tx, { ...ca, sealedKey: null, issuerId: null });
      await record(tx, actor, 'root.imported', ca);
      return { id, kind, keyId };
    });
  }

  async #find(which: WhichRoot): Promise<store.RootRow | null> {
    const { db } = this.#options;
    const id = 'id' in which ? which.id : (await findActiveCa(db, `${which.kind}_root`, null))?.id;
    return id === undefined ? null : store.findRoot(db, id);
  }
}

function kindOf({ kind }: Pick<store.RootRow, 'kind'>): RootKind {
  return kind === 'server_root' ? 'server' : 'agent';
}

function record(
  tx: Transaction,
  actor: string,
  action: string,
  { id, kind, keyId }: Pick<store.RootRow, 'id' | 'kind' | 'keyId'>,
): Promise<void> {
  return appendAudit(tx, { tenant: INSTALLATION, actor, action, subject: `ca:${id}`, detail: { kind, keyId } });
}

function because({ message }: { readonly message: string }): { detail: string } {
  return { detail: `${message.charAt(0).toUpperCase()}${message.slice(1)}.` };
}

function notFound(): Refusal {
  return refuse('not_found', 'AUTHORITY_NOT_FOUND', 'There is no such root.');
}

function offlineAlready(): Refusal {
  return refuse('conflict', 'ROOT_OFFLINE', "This root's key is not on the server.", {
    fix: 'Use the file that it was exported to.',
  });
}

function rotating(id: string): Refusal {
  return refuse('conflict', 'ROTATION_OPEN', `The rotation ${id} still needs this root.`, {
    fix: 'Complete it or take it back first.',
  });
}

function exists(kind: RootKind): Refusal {
  return refuse('conflict', 'ROOT_EXISTS', `This installation has a ${kind} root already.`, {
    fix: 'Rotate it; importing is for an installation before its first start.',
  });
}
