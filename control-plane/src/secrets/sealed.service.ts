/**
 * Sealed secrets as people manage them: whom one can be sealed to, and versions that were sealed elsewhere. The control
 * plane keeps them, says which agent has which, and opens none.
 *
 * Invariants: what is stored was sealed to the keys that its agents have at that moment; a secret is sealed or not from its
 * first version on, so that no version of it ever was here in clear.
 */
import type { SealedRecipient, SealingKey, SealRequest, Secret } from '@casare/shared/api';
import { sealingFingerprint } from '@casare/shared/sealing';
import { appendAudit } from '../audit/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { TenantDatabase, Transaction } from '../platform/database/index.ts';
import type { Unchanged } from '../platform/http/etag.ts';
import { pageBy, pageOfAll, uuidCursor, type Page, type PageAsk } from '../platform/paging.ts';
import { badCursor, refuse, type Refusal } from '../platform/refusal.ts';
import { aboutOf, notFound, secretsFull, SECRETS, VERSIONS, type By, type SecretsService } from './secrets.service.ts';
import * as sealedStore from './sealed.store.ts';
import * as store from './secret.store.ts';

export interface SealedOptions {
  readonly db: TenantDatabase;
  readonly clock: Clock;
  readonly management: Pick<SecretsService, 'get' | 'viewOf'>;
}

export class SealedService {
  readonly #options: SealedOptions;

  constructor(options: SealedOptions) {
    this.#options = options;
  }

  /** Agents with the keys that they said, by age. */
  async keys(
    { tenant }: Pick<By, 'tenant'>,
    { agent, limit, cursor, sort }: PageAsk & { readonly agent?: string | undefined },
  ): Promise<Page<SealingKey> | Refusal> {
    const beyond = uuidCursor(cursor);
    if (beyond === undefined) return badCursor();
    const range = { beyond, ascending: sort === 'createdAt', limit: limit + 1 };
    const found = await sealedStore.keyPage(this.#options.db.of(tenant), tenant, agent ?? null, range);
    const keys = found.map(async ({ publicKey, ...row }) => {
      return { tenant, ...row, publicKey, fingerprint: publicKey && (await sealingFingerprint(publicKey)) };
    });
    return pageBy(await Promise.all(keys), limit, ({ agentId }) => agentId);
  }

  /** Whom the newest version is sealed to; none for a secret that is not sealed. */
  async recipients(
    { tenant }: Pick<By, 'tenant'>,
    name: string,
    ask: PageAsk,
  ): Promise<Page<SealedRecipient> | Refusal> {
    const db = this.#options.db.of(tenant);
    if ((await store.secretByName(db, tenant, name)) === null) return notFound(name);
    const rows = await sealedStore.recipientsOf(db, tenant, name);
    const all = rows.map(async ({ agentId, agent, publicKey, keyNow }) => {
      return { id: agentId, agent, fingerprint: await sealingFingerprint(publicKey), opens: keyNow === publicKey };
    });
    const page = pageOfAll(await Promise.all(all), ask, { agent: (one) => one.agent });
    if (page === undefined) return badCursor();
    return { ...page, items: page.items.map(({ id, ...one }) => ({ agentId: id, ...one })) };
  }

  /** Keeps a version that was sealed elsewhere. */
  async seal(by: By, name: string, request: SealRequest, unchanged?: Unchanged): Promise<Secret | Refusal> {
    const db = this.#options.db.of(by.tenant);
    const refused = await db.transaction((tx) => this.#store(tx, by, name, request, unchanged));
    return refused ?? (await this.#options.management.get(by, name));
  }

  /** Those of these secrets that are sealed. */
  among(tenant: string, names: readonly string[]): Promise<string[]> {
    return sealedStore.sealedAmong(this.#options.db.of(tenant), tenant, names);
  }

  async #store(
    tx: Transaction,
    { tenant, actor }: By,
    name: string,
    { version, sealed, ...said }: SealRequest,
    unchanged?: Unchanged,
  ): Promise<Refusal | null> {
    const at = this.#options.clock.now();
    const now = await store.lockSecret(tx, tenant, name);
    const stale = unchanged?.(now && this.#options.management.viewOf(now));
    if (stale) return stale;
    if (now?.mode === 'server') return modeFixed(name);
    if (version !== (now?.version ?? 0) + 1) return versionTaken(name, now?.version ?? 0);
    const agents = sealed.map(({ agentId }) => agentId);
    const keys = await sealedStore.holdKeys(tx, tenant, sealedStore.labelOf(name), agents);
    const wrong = await firstWrong(sealed, keys);
    if (wrong !== null) return wrong;
    const about = aboutOf(said, now);
    if (now === null) {
      if ((await store.countSecrets(tx, tenant)) >= SECRETS) return secretsFull();
      const made = { ...about, name, id: crypto.randomUUID(), at, by: actor, mode: 'sealed' as const };
      if (!(await store.insertSecret(tx, tenant, made))) return versionTaken(name, 1);
    } else await store.updateSecret(tx, tenant, { ...about, name, version, versionAt: at });
    await store.insertSealedVersion(tx, tenant, name, version, { at, by: actor });
    await sealedStore.insertSealed(tx, tenant, name, version, sealed);
    await store.dropOldVersions(tx, tenant, name, version - VERSIONS);
    await sealedStore.labelAgents(tx, tenant, sealedStore.labelOf(name), agents);
    await appendAudit(tx, {
      ...{ tenant, actor, action: 'secret.sealed', subject: `secret:${name}` },
      detail: { ...about, version, agents: await shownOf(sealed) },
    });
    return null;
  }
}

/** Why one of these is not for its agent, as the agents stand now. */
async function firstWrong(
  sealed: readonly sealedStore.SealedFor[],
  keys: readonly sealedStore.KeyRow[],
): Promise<Refusal | null> {
  for (const { agentId, publicKey } of sealed) {
    const key = keys.find((row) => row.agentId === agentId);
    if (key === undefined || key.state === 'decommissioned') {
      return refuse('unprocessable', 'AGENT_UNKNOWN', `There is no agent ${agentId}.`, {
        fix: 'See `casare secrets agents`.',
      });
    }
    if (key.publicKey === publicKey) continue;
    const has = key.publicKey === null ? 'none' : await sealingFingerprint(key.publicKey);
    return refuse('conflict', 'SEALING_KEY_CHANGED', `This was not sealed to the key of agent ${key.agent}: ${has}.`, {
      fix: 'Compare the fingerprint on the agent itself (`casare-agent status`), and seal again.',
    });
  }
  return null;
}

async function shownOf(sealed: readonly sealedStore.SealedFor[]): Promise<Record<string, string>> {
  const pairs = sealed.map(async (one) => [one.agentId, await sealingFingerprint(one.publicKey)] as const);
  return Object.fromEntries(await Promise.all(pairs));
}

function versionTaken(name: string, newest: number): Refusal {
  return refuse('conflict', 'SECRET_VERSION_TAKEN', `The newest version of ${name} is ${newest}.`, {
    detail: 'What is sealed is bound to its version: another one was stored meanwhile.',
    fix: 'Seal it again, for the version after that.',
  });
}

function modeFixed(name: string): Refusal {
  return refuse('conflict', 'SECRET_MODE_FIXED', `The control plane has values of ${name}: it was never sealed.`, {
    fix: 'Seal it under another name, or delete it first; and change the value where it is used.',
  });
}
