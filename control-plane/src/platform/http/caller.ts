/**
 * Who is calling. `platform` knows no accounts: the accounts feature implements `Authenticator` and registers it under
 * this token.
 *
 * Invariant: tenant and rights come from a verified key or session only, never from a message, a header or a query.
 */
import type { Rights } from '@casare/shared/api';

/** A person or program whose key or session was verified. */
export interface Caller extends Rights {
  readonly tenant: string;
  readonly accountId: string;
  readonly email: string | null;
  /** `token`: of a provider of the tenant (JWT). */
  readonly via: 'session' | 'apiKey' | 'token';
  /** What was verified: `key:<id>`, `session:<id>`, or `token:<account>:<its end, seconds>`. */
  readonly credential: string;
  /** What a changing request of a session must send as `X-CSRF-Token`; null for API keys. */
  readonly csrfToken: string | null;
  /** The provider that vouched for them, where they signed in or call by one: what they open ends with it. */
  readonly providerId?: string | null;
  /** For the audit log: `account:<id>` or `key:<id>`. */
  readonly actor: string;
}

/** What a request shows of itself; at most one of them is looked at, the key first. */
export interface Credentials {
  readonly apiKey: string | null;
  readonly sessionToken: string | null;
}

export interface Authenticator {
  /** Turns credentials into a caller; null when they are unknown, revoked or expired. */
  authenticate(credentials: Credentials): Promise<Caller | null>;
  /** What those who were verified before may do now, by their `credential`; who may no more call is not in it. */
  stillIn(callers: readonly Caller[]): Promise<ReadonlyMap<string, Rights>>;
}

/** Nest's token. */
export const AUTHENTICATOR = Symbol('Authenticator');

const HTTPS = 'casare https';

/** Says that browsers reach an application by https. */
export function putHttps(application: Settings, https: boolean): void {
  application.set(HTTPS, https);
}

/**
 * What a cookie is called. Over TLS browsers take one of that name from this very host only, with `Secure` and for all
 * paths (`Path=/`): neither a neighbour below the same domain nor somebody on the way can put one of their own there.
 */
export function hostCookie(application: Settings, name: string): string {
  return application.get(HTTPS) === true ? `__Host-${name}` : name;
}

/** What the session's cookie is called. */
export function sessionCookieOf(application: Settings): string {
  return hostCookie(application, 'casare_session');
}

/** Of Express. */
interface Settings {
  get(name: string): unknown;
  set(name: string, value: unknown): unknown;
}
