/**
 * Who is calling. `platform` knows no accounts: the accounts feature implements `Authenticator` and the permission
 * table, and registers them under these tokens.
 *
 * Invariant: tenant and role come from a verified key or session only, never from a message, a header or a query.
 */
import type { Permission, Role } from '@casare/shared/api';

/** A person or program whose key or session was verified. */
export interface Caller {
  readonly tenant: string;
  readonly accountId: string;
  readonly email: string | null;
  readonly role: Role;
  readonly via: 'session' | 'apiKey';
  /** What a changing request of a session must send as `X-CSRF-Token`; null for API keys. */
  readonly csrfToken: string | null;
  /** For the audit log: `account:<id>` or `key:<id>`. */
  readonly actor: string;
}

/** What a request shows of itself; at most one of them is looked at, the key first. */
export interface Credentials {
  readonly apiKey: string | null;
  readonly sessionToken: string | null;
}

/** Turns credentials into a caller; null when they are unknown, revoked or expired. */
export interface Authenticator {
  authenticate(credentials: Credentials): Promise<Caller | null>;
}

/** True when a role may do what `permission` names. */
export type Allows = (role: Role, permission: Permission) => boolean;

/** Nest tokens. */
export const AUTHENTICATOR = Symbol('Authenticator');
export const ALLOWS = Symbol('Allows');

export const SESSION_COOKIE = 'casare_session';
