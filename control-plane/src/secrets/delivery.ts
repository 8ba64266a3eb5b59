/**
 * The values that an attempt gets: opened when its assignment is built for the agent that holds the lease, put on record,
 * and kept nowhere.
 *
 * Invariant: no value leaves before the audit entry that says so is committed.
 */
import type { SealedSecrets, Secrets, SecretRulesByName } from '@casare/shared/protocol';
import { appendAudit } from '../audit/index.ts';
import { Fault } from '../platform/errors.ts';
import { sealedAmong, sealedFor } from './sealed.store.ts';
import { open, type SealingOptions } from './sealing.ts';
import { currentSecrets, touchSecrets, type CurrentSecret } from './secret.store.ts';
import type { SecretsFile } from './secrets-file.ts';
import { rulesOf } from './secrets.service.ts';

/** The attempt that gets values, and the agent that holds its lease. */
interface SecretUse {
  readonly tenant: string;
  readonly jobId: string;
  readonly attempt: number;
  readonly agentId: string;
  /** Who submitted the job. */
  readonly requestedBy: string;
}

/** The values that are here with what each may be used for, what only the agent opens, and the names that have none here: the agent may. */
interface SecretsResult {
  readonly values: Secrets;
  readonly rules: SecretRulesByName;
  readonly missing: readonly string[];
  readonly sealed?: SealedSecrets;
}

/** Of this tenant alone: the file has no tenants. */
const FILE_TENANT = 'default';

export class SecretDelivery {
  readonly #options: SealingOptions & { readonly file: SecretsFile };

  constructor(options: SealingOptions & { readonly file: SecretsFile }) {
    this.#options = options;
  }

  /** @throws Fault SECRET_UNREADABLE, SECRET_NOT_SEALED, SECRETS_* or FILE_NOT_PRIVATE */
  async secretsFor(use: SecretUse, names: readonly string[]): Promise<SecretsResult> {
    if (names.length === 0) return { values: {}, rules: {}, missing: [] };
    const { db, file } = this.#options;
    const found = new Map((await currentSecrets(db, use.tenant, names)).map((secret) => [secret.name, secret]));
    const sealed = await this.#sealed(
      use,
      names.filter((name) => !found.has(name)),
    );
    const others = names.filter((name) => !found.has(name) && !sealed.has(name));
    const inFile = use.tenant === FILE_TENANT ? await file.valuesOf(others) : new Map<string, Secrets[string]>();
    const missing = others.filter((name) => !inFile.has(name));
    const values = new Map(inFile);
    for (const secret of found.values()) values.set(secret.name, await this.#open(use.tenant, secret));
    await this.#note(use, { stored: new Map<string, { readonly version: number }>([...found, ...sealed]), inFile });
    const rules = [...found.values()].map((secret) => [secret.name, rulesOf(secret)] as const);
    return {
      values: Object.fromEntries(values),
      rules: Object.fromEntries(rules.filter(([, { steps, origins }]) => steps !== undefined || origins !== undefined)),
      missing,
      ...(sealed.size === 0 ? {} : { sealed: Object.fromEntries(sealed) }),
    };
  }

  /** What of these is sealed to the key that the agent has. */
  async #sealed({ tenant, agentId }: SecretUse, names: readonly string[]): Promise<Map<string, SealedSecrets[string]>> {
    const { db } = this.#options;
    const all = names.length === 0 ? [] : await sealedAmong(db, tenant, names);
    const rows = all.length === 0 ? [] : await sealedFor(db, tenant, all, agentId);
    const to = new Map(rows.map(({ name, version, sealed }) => [name, { version, sealed }]));
    const without = all.find((name) => !to.has(name));
    if (without === undefined) return to;
    throw new Fault({
      code: 'SECRET_NOT_SEALED',
      what: `The secret ${without} is sealed, and not to the key that this agent has`,
      fix: `Seal it anew with \`casare secrets reseal ${without} --agent ${agentId}\` and retry the job`,
      status: 409,
    });
  }

  /** A rotation of the master key may have wrapped it anew, and forgotten the key before, since the row was read. */
  async #open(tenant: string, secret: CurrentSecret): Promise<Secrets[string]> {
    const place = { tenant, id: secret.id, name: secret.name, version: secret.version };
    try {
      return await open(this.#options, place, secret);
    } catch (error) {
      const [again] = await currentSecrets(this.#options.db, tenant, [secret.name]);
      if (again === undefined || again.masterId === secret.masterId) throw error;
      return open(this.#options, { tenant, id: again.id, name: again.name, version: again.version }, again);
    }
  }

  /** Values that are on the agent's premises are no business of this log: whether they are used is not known here. */
  async #note(
    use: SecretUse,
    {
      stored,
      inFile,
    }: { stored: ReadonlyMap<string, { readonly version: number }>; inFile: ReadonlyMap<string, unknown> },
  ): Promise<void> {
    const { db, clock } = this.#options;
    const { tenant, agentId, jobId, attempt, requestedBy } = use;
    const names = [...stored.keys(), ...inFile.keys()];
    if (names.length === 0) return;
    await db.transaction(async (tx) => {
      for (const name of names) {
        const version = stored.get(name)?.version ?? 'secrets.yaml';
        await appendAudit(tx, {
          ...{ tenant, actor: `agent:${agentId}`, action: 'secret.used', subject: `secret:${name}` },
          detail: { job: jobId, attempt, version, requestedBy },
        });
      }
      await touchSecrets(tx, tenant, [...stored.keys()].sort(), clock.now());
    });
  }
}
