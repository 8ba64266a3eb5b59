/**
 * Who calls with a token of a provider (JWT), such as that of Supabase Auth, in the place of an API key.
 *
 * Invariants: what a token says before it was verified chooses the provider and nothing else; issuer, audience, end and
 * signature are checked with each call, by the algorithms that are listed here: none that has a shared secret, so that a
 * public key never is one, and never none; its groups give the role, with each call.
 */
import { decodeJwt, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import type { Rights } from '@casare/shared/api';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database/index.ts';
import { textFault } from '../platform/http/body.ts';
import type { Caller } from '../platform/http/caller.ts';
import { RefusedError } from '../platform/http/problem.ts';
import type { Outbound } from '../platform/outbound/outbound.ts';
import { isRefusal } from '../platform/refusal.ts';
import * as accounts from './account.store.ts';
import { outboundFault } from './oidc-client.ts';
import { accountOf } from './provided-accounts.ts';
import { keysOf } from './provider-keys.ts';
import { accountOfIdentity, providerOfToken, type ProviderRow } from './provider.store.ts';
import { rightsOfAccount } from './rights.decision.ts';
import { roleFor } from './role-mapping.decision.ts';

const ALGORITHMS = [
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
];
/** Clocks differ. */
const TOLERANCE_SECONDS = 5;
/** Providers whose keys are kept; the longest unused are forgotten. */
const KNOWN = 200;

export interface TokenCallersOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly outbound: Outbound;
  readonly keysRestMs?: number;
}

const Text = z.string().refine((text) => textFault(text) === null);
const Said = z.object({ iss: Text, aud: z.union([Text, z.array(Text)]) });

/** Three parts, the first of which begins like every JSON object. */
export function looksLikeToken(text: string): boolean {
  return /^ey[\w-]+\.[\w-]+\.[\w-]*$/.test(text);
}

export class TokenCallers {
  readonly #options: TokenCallersOptions;
  readonly #keys = new Map<string, JWTVerifyGetKey>();

  constructor(options: TokenCallersOptions) {
    this.#options = options;
  }

  /** Null when it is not good. @throws RefusedError of a good one whose person has no access, Fault OUTBOUND_* */
  async callerOf(token: string): Promise<Caller | null> {
    const { db } = this.#options;
    const said = read(token);
    if (said === null) return null;
    const provider = await providerOfToken(db, said.iss, [said.aud].flat().slice(0, 20));
    const claims = provider && (await this.#verify(token, provider));
    if (provider === null || claims === null) return null;
    const account = await this.#accountOf(provider, claims);
    const { tenant, id: accountId, email } = account;
    return {
      ...{ tenant, accountId, email, ...rightsOfAccount(account) },
      ...{
        via: 'token',
        providerId: provider.id,
        csrfToken: null,
        credential: `token:${accountId}:${claims.exp}`,
        actor: `account:${accountId}`,
      },
    };
  }

  /** Of those who called with a token: whose has not ended, nor its provider, and whose account may still. */
  async stillIn(callers: readonly Caller[]): Promise<ReadonlyMap<string, Rights>> {
    const { db, clock } = this.#options;
    const now = clock.now().getTime() / 1_000;
    const held = callers.filter(({ via, credential }) => via === 'token' && Number(credential.split(':')[2]) > now);
    const found =
      held.length === 0 ? [] : await accounts.accountsByToken(db, [...new Set(held.map((of) => of.accountId))]);
    const rights = new Map(found.map((account) => [account.id, rightsOfAccount(account)]));
    return new Map(
      held.flatMap(({ credential, accountId }) => {
        const may = rights.get(accountId);
        return may === undefined ? [] : [[credential, may] as const];
      }),
    );
  }

  async #verify(token: string, provider: ProviderRow): Promise<(JWTPayload & { exp: number }) | null> {
    try {
      const { payload } = await jwtVerify<{ exp: number }>(token, this.#keysOf(provider), {
        issuer: provider.issuer,
        audience: provider.clientId,
        algorithms: ALGORITHMS,
        requiredClaims: ['exp', 'sub'],
        clockTolerance: TOLERANCE_SECONDS,
        currentDate: this.#options.clock.now(),
      });
      return payload;
    } catch (error) {
      const fault = outboundFault(error);
      if (fault !== null) throw fault;
      if (error instanceof errors.JOSEError) return null;
      throw error;
    }
  }

  /** Only who is new, or has another role now, is written. */
  async #accountOf(provider: ProviderRow, claims: JWTPayload): Promise<accounts.AccountRow> {
    const { db, clock } = this.#options;
    const known = await accountOfIdentity(db, provider, claims.sub!);
    const account = known === null ? null : await accounts.accountById(db, provider.tenant, known);
    if (account !== null && account.role === roleFor(claims, provider.groupsClaim, provider.roles)) return account;
    const made = await accountOf(db, provider, claims, clock.now());
    if (isRefusal(made)) throw new RefusedError(made);
    return made;
  }

  #keysOf({ id, keysUrl, changedAt }: ProviderRow): JWTVerifyGetKey {
    const { outbound, keysRestMs } = this.#options;
    const name = `${id} ${changedAt.getTime()}`;
    const keys = this.#keys.get(name) ?? keysOf(outbound, keysUrl!, keysRestMs);
    this.#keys.delete(name);
    this.#keys.set(name, keys);
    if (this.#keys.size > KNOWN) this.#keys.delete(this.#keys.keys().next().value!);
    return keys;
  }
}

/** Whose token it says to be; null where a database could not even be asked about that: anybody can write anything. */
function read(token: string): z.infer<typeof Said> | null {
  try {
    return Said.safeParse(decodeJwt(token)).data ?? null;
  } catch {
    return null;
  }
}
