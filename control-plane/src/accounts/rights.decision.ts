/** What a key may do now (pure): what it was made for, and never more than its account may at this moment. */
import { permissionsOf, within, type Rights } from '@casare/shared/api';

/** An account that was given less since its keys were made takes their rights along. */
export function rightsOfKey(key: Rights, of: Omit<Rights, 'scopes'>): Rights {
  const account: Rights = { ...of, scopes: null };
  // Whether the tenant is suspended is said of its accounts.
  const { suspended = false } = of;
  const asked: Rights = { ...key, suspended };
  if (within(asked, account)) return asked;
  const both = permissionsOf(account).filter((permission) => permissionsOf(asked).includes(permission));
  return { ...account, scopes: both };
}

/** All that an account may. */
export function rightsOfAccount({ role, platform, suspended }: Omit<Rights, 'scopes'>): Rights {
  return { role, scopes: null, platform: platform ?? false, suspended: suspended ?? false };
}

/** The id of the session by which somebody calls; null for a key. */
export function sessionIdOf({ credential }: { readonly credential: string }): string | null {
  return credential.startsWith('session:') ? credential.slice(8) : null;
}

/** The id of the key by which somebody calls; null for a session. */
export function keyIdOf({ credential }: { readonly credential: string }): string | null {
  return credential.startsWith('key:') ? credential.slice(4) : null;
}
