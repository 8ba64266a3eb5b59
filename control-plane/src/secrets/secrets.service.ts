/**
 * Secrets as people manage them: stored, described, listed, deleted. No method gives a value back.
 *
 * Invariants: a value is sealed before the transaction that stores it begins, and stored only under the master key that is
 * in use when it commits; rules are widened only by who gives the value anew, so that who may write secrets cannot send a
 * value elsewhere that they do not know.
 */
import type { Secret, SecretRequest, SecretVersion } from '@casare/shared/api';
import { rulesWithin, type SecretRules } from '@casare/shared/protocol';
import { appendAudit } from '../audit/index.ts';
import type { TenantDatabase, Transaction } from '../platform/database/index.ts';
import type { Caller } from '../platform/http/caller.ts';
import type { Unchanged } from '../platform/http/etag.ts';
import { numberCursor, pageBy, type Page, type PageAsk } from '../platform/paging.ts';
import { badCursor, isRefusal, refuse, type Refusal } from '../platform/refusal.ts';
import { currentMasterShared } from './master.store.ts';
import { holdKeys, labelAgents, labelOf } from './sealed.store.ts';
import { seal, type SealingOptions } from './sealing.ts';
import * as store from './secret.store.ts';

/** Of a tenant. */
export const SECRETS = 1_000;
/** Of a secret; the oldest go when newer ones come. */
export const VERSIONS = 20;
/** A master key that changes meanwhile has everybody seal again. */
const TRIES = 5;
const DAY_MS = 86_400_000;
const INTEGER = 2_147_483_647;

export interface SecretsServiceOptions extends Pick<SealingOptions, 'clock' | 'keys'> {
  readonly db: TenantDatabase;
  /** The installation's: it is put on record with the first secret. */
  readonly masterInUse: () => Promise<string>;
}

export type By = Pick<Caller, 'tenant' | 'actor'>;

export class SecretsService {
  readonly #options: SecretsServiceOptions;

  constructor(options: SecretsServiceOptions) {
    this.#options = options;
  }

  async list({ tenant }: By, ask: PageAsk & { readonly q?: string | undefined }): Promise<Page<Secret>> {
    const { limit, cursor = null, sort } = ask;
    const range = { beyond: cursor, ascending: sort !== '-name', limit: limit + 1 };
    const found = await store.secretPage(this.#options.db.of(tenant), tenant, range, ask.q ?? null);
    return pageBy(
      found.map((row) => this.viewOf(row)),
      limit,
      ({ name }) => name,
    );
  }

  async get({ tenant }: By, name: string): Promise<Secret | Refusal> {
    const row = await store.secretByName(this.#options.db.of(tenant), tenant, name);
    return row === null ? notFound(name) : this.viewOf(row);
  }

  /** Another writer of the same secret, or a master key that changes, makes it start over. */
  async set(by: By, name: string, request: SecretRequest, unchanged?: Unchanged): Promise<Secret | Refusal> {
    const db = this.#options.db.of(by.tenant);
    for (let left = TRIES; ; left -= 1) {
      const before = await store.secretByName(db, by.tenant, name);
      if (before === null && request.value === undefined) return notFound(name);
      if (before?.mode === 'sealed' && request.value !== undefined) return isSealed(name);
      const id = before?.id ?? crypto.randomUUID();
      const version = (before?.version ?? 0) + 1;
      const sealed =
        request.value === undefined
          ? null
          : await seal(
              this.#options,
              await this.#options.masterInUse(),
              { tenant: by.tenant, id, name, version },
              request.value,
            );
      const stored = await db.transaction((tx) =>
        this.#store(tx, by, name, { before, id, request, sealed }, unchanged),
      );
      if (isRefusal(stored)) return stored;
      if (stored) return this.get(by, name);
      if (left === 1) return refuse('busy', 'SECRETS_BUSY', 'This secret is being written.', { retryAfterSeconds: 1 });
    }
  }

  async versions(
    { tenant }: By,
    name: string,
    { limit, cursor, sort }: PageAsk,
  ): Promise<Page<SecretVersion> | Refusal> {
    const beyond = numberCursor(cursor);
    if (beyond === undefined || Number(beyond) > INTEGER) return badCursor();
    if ((await store.secretByName(this.#options.db.of(tenant), tenant, name)) === null) return notFound(name);
    const range = { beyond: beyond === null ? null : Number(beyond), ascending: sort === 'version', limit: limit + 1 };
    const found = await store.versionPage(this.#options.db.of(tenant), tenant, name, range);
    return pageBy(
      found.map((row) => ({ ...row, createdAt: row.createdAt.toISOString() })),
      limit,
      ({ version }) => String(version),
    );
  }

  delete(by: By, name: string, unchanged?: Unchanged): Promise<void | Refusal> {
    return this.#options.db.of(by.tenant).transaction(async (tx) => {
      const secret = await store.lockSecret(tx, by.tenant, name);
      if (secret === null) return notFound(name);
      const stale = unchanged?.(this.viewOf(secret));
      if (stale) return stale;
      await store.deleteSecret(tx, by.tenant, name);
      await holdKeys(tx, by.tenant, labelOf(name), []);
      await labelAgents(tx, by.tenant, labelOf(name), []);
      await this.#audit(tx, by, 'deleted', name);
      return undefined;
    });
  }

  deleteVersion(by: By, name: string, version: number, unchanged?: Unchanged): Promise<void | Refusal> {
    return this.#options.db.of(by.tenant).transaction(async (tx) => {
      const secret = await store.lockSecret(tx, by.tenant, name);
      const stale = secret && unchanged?.(this.viewOf(secret));
      if (stale) return stale;
      if (secret?.version === version) return inUse(name, version);
      if (secret === null || !(await store.deleteVersion(tx, by.tenant, name, version))) return notFound(name, version);
      await this.#audit(tx, by, 'versionDeleted', name, { version });
      return undefined;
    });
  }

  /** False: what was sealed does not fit any more. */
  async #store(
    tx: Transaction,
    by: By,
    name: string,
    wanted: {
      readonly before: store.SecretRow | null;
      readonly id: string;
      readonly request: SecretRequest;
      readonly sealed: store.SealedVersion | null;
    },
    unchanged?: Unchanged,
  ): Promise<boolean | Refusal> {
    const { before, id, request, sealed } = wanted;
    const { tenant, actor } = by;
    const at = this.#options.clock.now();
    const now = await store.lockSecret(tx, tenant, name);
    const stale = unchanged?.(now && this.viewOf(now));
    if (stale) return stale;
    if (now?.id !== before?.id || now?.version !== before?.version) return false;
    if (sealed !== null && (await currentMasterShared(tx)) !== sealed.masterId) return false;
    const about = aboutOf(request, now);
    if (now === null) {
      if ((await store.countSecrets(tx, tenant)) >= SECRETS) return secretsFull();
      const made = { ...about, name, id, at, by: actor, mode: 'server' as const };
      if (!(await store.insertSecret(tx, tenant, made))) return false;
    } else {
      // Rules of a sealed one are inside, with the value: what is said here must not differ from them.
      const kept = now.mode === 'server' ? rulesWithin(rulesOf(about), rulesOf(now)) : sameRules(about, now);
      if (sealed === null && !kept) return valueNeeded(name);
      const version = sealed?.version ?? now.version;
      const versionAt = sealed === null ? now.versionAt : at;
      await store.updateSecret(tx, tenant, { ...about, name, version, versionAt });
    }
    if (sealed !== null) {
      await store.insertVersion(tx, tenant, name, sealed, { at, by: actor });
      await store.dropOldVersions(tx, tenant, name, sealed.version - VERSIONS);
    }
    const detail = { ...about, ...(sealed === null ? {} : { version: sealed.version }) };
    await this.#audit(tx, by, sealed === null ? 'changed' : 'stored', name, detail);
    return true;
  }

  async #audit(tx: Transaction, { tenant, actor }: By, done: string, name: string, detail: object = {}): Promise<void> {
    await appendAudit(tx, {
      tenant,
      actor,
      action: `secret.${done}`,
      subject: `secret:${name}`,
      detail: { ...detail },
    });
  }

  /** What is shown of a secret. */
  viewOf(row: store.SecretRow): Secret {
    const { id: _, createdAt, versionAt, lastUsedAt, ...rest } = row;
    const { rotateAfterDays } = row;
    const age = this.#options.clock.now().getTime() - versionAt.getTime();
    return {
      ...rest,
      rotationDue: rotateAfterDays !== null && age >= rotateAfterDays * DAY_MS,
      createdAt: createdAt.toISOString(),
      versionAt: versionAt.toISOString(),
      lastUsedAt: lastUsedAt?.toISOString() ?? null,
    };
  }
}

/** What is not said stays as it is. */
export function aboutOf(request: Omit<SecretRequest, 'value'>, before: store.About | null): store.About {
  const { description, allowedSteps, allowedOrigins, rotateAfterDays } = request;
  return {
    description: description ?? before?.description ?? '',
    allowedSteps: listed(allowedSteps, before?.allowedSteps),
    allowedOrigins: listed(allowedOrigins, before?.allowedOrigins),
    rotateAfterDays: rotateAfterDays === undefined ? (before?.rotateAfterDays ?? null) : rotateAfterDays,
  };
}

function listed(
  given: readonly string[] | null | undefined,
  before: readonly string[] | null | undefined,
): readonly string[] | null {
  return given === undefined ? (before ?? null) : given && [...new Set(given)].sort();
}

export function rulesOf({
  allowedSteps,
  allowedOrigins,
}: Pick<store.About, 'allowedSteps' | 'allowedOrigins'>): SecretRules {
  return {
    ...(allowedSteps === null ? {} : { steps: [...allowedSteps] }),
    ...(allowedOrigins === null ? {} : { origins: [...allowedOrigins] }),
  };
}

function sameRules(one: store.About, other: store.About): boolean {
  return JSON.stringify(rulesOf(one)) === JSON.stringify(rulesOf(other));
}

export function notFound(name: string, version?: number): Refusal {
  const what = version === undefined ? `secret ${name}` : `version ${version} of a secret ${name}`;
  return refuse('not_found', 'SECRET_NOT_FOUND', `There is no ${what}.`, { fix: 'See `casare secrets list`.' });
}

function inUse(name: string, version: number): Refusal {
  return refuse('conflict', 'SECRET_VERSION_IN_USE', `Version ${version} of ${name} is the one that jobs get.`, {
    fix: 'Store a newer one first, or delete the whole secret.',
  });
}

function valueNeeded(name: string): Refusal {
  return refuse('denied', 'SECRET_VALUE_NEEDED', `This would let ${name} be used for more than before.`, {
    detail: 'Nobody sends a value to other steps or origins who does not know it.',
    fix: 'Give the value in the same request.',
  });
}

function isSealed(name: string): Refusal {
  return refuse(
    'conflict',
    'SECRET_IS_SEALED',
    `${name} is sealed to agents: the control plane takes no value of it.`,
    {
      fix: `Give it with \`casare secrets reseal ${name}\`.`,
    },
  );
}

export function secretsFull(): Refusal {
  return refuse('conflict', 'SECRETS_FULL', `There are ${SECRETS} secrets already.`, {
    fix: 'Delete some that are not used any more.',
  });
}
