/** What a key may do now (pure): what it was made for, and never more than its account may at this moment. */
import { permissionsOf, within, type Rights } from '@casare/shared/api';

/** An account that was given less since its keys were made takes their rights along. */
export function rightsOfKey(key: Rights, of: Omit<Rights, 'scopes'>): Rights {
  const account: Rights = { ...of, scopes: null };
  // Whether the tenant is suspended is said of its accounts.
  const { suspended = false } = of;
  const asked: Rights = { ...key, suspended, sites: both(key.sites ?? null, of.sites ?? null) };
  if (within(asked, account)) return asked;
  const shared = permissionsOf(account).filter((permission) => permissionsOf(asked).includes(permission));
  return { ...account, scopes: shared, sites: asked.sites ?? null };
}

/** Where both hold. */
function both(a: readonly string[] | null, b: readonly string[] | null): readonly string[] | null {
  if (a === null || b === null) return a ?? b;
  return a.filter((site) => b.includes(site));
}

/** All that an account may. */
export function rightsOfAccount({ role, platform, suspended, sites }: Omit<Rights, 'scopes'>): Rights {
  return { role, scopes: null, platform: platform ?? false, suspended: suspended ?? false, sites: sites ?? null };
}

/** The id of the session by which somebody calls; null for a key. */
export function sessionIdOf({ credential }: { readonly credential: string }): string | null {
  return credential.startsWith('session:') ? credential.slice(8) : null;
}

/** The id of the key by which somebody calls; null for a session. */
export function keyIdOf({ credential }: { readonly credential: string }): string | null {
  return credential.startsWith('key:') ? credential.slice(4) : null;
}
