/**
 * Second factors: enrolled, asked for, taken away.
 *
 * Invariants: a factor counts once a code of it was confirmed; a code is taken once, also when it comes twice at the same
 * moment; wrong codes are counted like wrong passwords; the secret is sealed under a key that is derived from the master
 * key and bound to its account, and is shown once; of recovery codes only hashes are kept.
 */
import { openKey, sealKey } from '@casare/certs';
import { randomBytes } from 'node:crypto';
import { appendAudit } from '../audit/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { TenantDatabase, Transaction } from '../platform/database/index.ts';
import { Fault } from '../platform/errors.ts';
import type { Caller } from '../platform/http/caller.ts';
import { isRefusal, refuse, type Refusal } from '../platform/refusal.ts';
import { hashSecret } from './credential.ts';
import { sessionIdOf } from './rights.decision.ts';
import * as store from './second-factor.store.ts';
import { base32, SECRET_BYTES, stepOfCode, totpUrl } from './totp.ts';

const RECOVERY_CODES = 10;
/** 80 random bits each: nothing to guess, so a plain hash is enough. */
const RECOVERY_BYTES = 10;

export interface SecondFactorOptions {
  readonly db: TenantDatabase;
  readonly clock: Clock;
  /** 32 bytes that all replicas share, derived from the master key. */
  readonly sealingKey: () => Promise<Uint8Array>;
  /** Counts a try, and takes it back when it was right. */
  readonly tries: { count(subject: string): Promise<Refusal | null>; clear(subject: string): Promise<void> };
}

export class SecondFactorService {
  readonly #options: SecondFactorOptions;

  constructor(options: SecondFactorOptions) {
    this.#options = options;
  }

  async show(caller: store.Holder): Promise<{ on: boolean; recoveryCodesLeft: number }> {
    const factor = await store.findFactor(this.#options.db.of(caller.tenant), caller);
    return { on: factor?.confirmed === true, recoveryCodesLeft: factor?.confirmed ? factor.codesLeft : 0 };
  }

  /** The caller's password was checked. */
  async begin(caller: Caller): Promise<{ secret: string; url: string } | Refusal> {
    const { db, clock, sealingKey } = this.#options;
    const secret = randomBytes(SECRET_BYTES);
    const sealed = sealKey(secret, await sealingKey(), boundTo(caller));
    if (!(await store.beginFactor(db.of(caller.tenant), caller, sealed, clock.now()))) return isOn();
    return { secret: base32(secret), url: totpUrl(secret, caller.email ?? caller.accountId) };
  }

  async confirm(caller: Caller, code: string): Promise<{ recoveryCodes: string[] } | Refusal> {
    const { db, clock } = this.#options;
    const factor = await store.findFactor(db.of(caller.tenant), caller);
    if (factor === null) return isOff();
    if (factor.confirmed) return isOn();
    return this.#tried(caller, async () => {
      const step = stepOfCode(await this.#open(caller, factor), code, clock.now());
      if (step === null) return wrong();
      return db.of(caller.tenant).transaction(async (tx) => {
        if (!(await store.takeStep(tx, caller, step, clock.now()))) return wrong();
        await this.#audit(tx, caller, 'enabled');
        return this.#newCodes(tx, caller);
      });
    });
  }

  newRecoveryCodes(caller: Caller, code: string): Promise<{ recoveryCodes: string[] } | Refusal> {
    return this.#byCode(caller, code, async (tx) => {
      await this.#audit(tx, caller, 'recoveryCodesMade');
      return this.#newCodes(tx, caller);
    });
  }

  remove(caller: Caller, code: string): Promise<void | Refusal> {
    return this.#byCode(caller, code, async (tx) => {
      await store.dropFactor(tx, caller);
      await this.#audit(tx, caller, 'removed');
    });
  }

  /** Takes a code of an account that signs in: right once. The caller counts tries. */
  async take(of: store.Holder, code: string): Promise<boolean> {
    const { db, clock } = this.#options;
    const factor = await store.findFactor(db.of(of.tenant), of);
    if (factor?.confirmed !== true) return false;
    const typed = code.replaceAll(/[\s-]/g, '');
    const step = stepOfCode(await this.#open(of, factor), typed, clock.now());
    if (step !== null) return store.takeStep(db.of(of.tenant), of, step, null);
    return db.of(of.tenant).transaction(async (tx) => {
      const hash = hashSecret(typed.toUpperCase());
      if (!(await store.takeRecoveryCode(tx, of, hash, clock.now()))) return false;
      await this.#audit(tx, { ...of, actor: `account:${of.accountId}` }, 'recoveryCodeUsed');
      return true;
    });
  }

  async #byCode<T>(caller: Caller, code: string, work: (tx: Transaction) => Promise<T>): Promise<T | Refusal> {
    if (!(await this.show(caller)).on) return isOff();
    return this.#tried(caller, async () => {
      if (!(await this.take(caller, code))) return wrong();
      return this.#options.db.of(caller.tenant).transaction(work);
    });
  }

  /** Only for who is signed in; a wrong code is counted. */
  async #tried<T>(caller: Caller, work: () => Promise<T | Refusal>): Promise<T | Refusal> {
    if (sessionIdOf(caller) === null) return sessionNeeded();
    const { tries } = this.#options;
    const subject = `factor:${caller.accountId}`;
    const locked = await tries.count(subject);
    if (locked !== null) return locked;
    const outcome = await work();
    if (!isRefusal(outcome)) await tries.clear(subject);
    return outcome;
  }

  async #newCodes(tx: Transaction, of: store.Holder): Promise<{ recoveryCodes: string[] }> {
    const codes = Array.from({ length: RECOVERY_CODES }, () => base32(randomBytes(RECOVERY_BYTES)));
    await store.replaceRecoveryCodes(tx, of, codes.map(hashSecret));
    return { recoveryCodes: codes.map((code) => code.match(/.{4}/g)!.join('-')) };
  }

  async #open(of: store.Holder, { sealedSecret }: store.FactorRow): Promise<Uint8Array> {
    const opened = openKey(sealedSecret, await this.#options.sealingKey(), boundTo(of));
    if (opened.ok) return opened.value;
    throw new Fault({
      code: 'SECOND_FACTOR_UNREADABLE',
      what: 'The second factor of this account cannot be read',
      why: 'the master key is another one, or the row was changed',
      fix: 'Restore the master key, or let an owner reset the second factor',
      status: 503,
    });
  }

  async #audit(tx: Transaction, by: store.Holder & { readonly actor: string }, done: string): Promise<void> {
    const { tenant, accountId, actor } = by;
    await appendAudit(tx, { tenant, actor, action: `secondFactor.${done}`, subject: `account:${accountId}` });
  }
}

/** A sealed secret opens for its own account only. */
function boundTo({ tenant, accountId }: store.Holder): string {
  return `second-factor:${tenant}/${accountId}`;
}

/** For what only a person who is signed in may do. */
export function sessionNeeded(): Refusal {
  return refuse('denied', 'SESSION_NEEDED', 'This is for a person who is signed in.', {
    detail: 'An API key cannot change how its account signs in.',
    fix: 'Sign in to the console.',
  });
}

function wrong(): Refusal {
  return refuse('denied', 'SECOND_FACTOR_WRONG', 'The code is wrong, or was used before.', {
    fix: 'Wait for the next code, and see that the clock of the authenticator is right.',
  });
}

function isOn(): Refusal {
  return refuse('conflict', 'SECOND_FACTOR_ON', 'This account has a second factor already.', {
    fix: 'Remove it first.',
  });
}

function isOff(): Refusal {
  return refuse('conflict', 'SECOND_FACTOR_OFF', 'This account has no second factor.', { fix: 'Begin one first.' });
}
