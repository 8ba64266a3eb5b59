/** What a key may do now (pure): what it was made for, and never more than its account may at this moment. */
import { PERMISSIONS, within, type Rights, type Role } from '@casare/shared/api';

/** An account that was given less since its keys were made takes their rights along. */
export function rightsOfKey(key: Rights, accountRole: Role): Rights {
  const account: Rights = { role: accountRole, scopes: null };
  if (within(key, account)) return key;
  const both = PERMISSIONS[accountRole].filter(
    (permission) => PERMISSIONS[key.role].includes(permission) && (key.scopes?.includes(permission) ?? true),
  );
  return { role: accountRole, scopes: both };
}

/** The id of the session by which somebody calls; null for a key. */
export function sessionIdOf({ credential }: { readonly credential: string }): string | null {
  return credential.startsWith('session:') ? credential.slice(8) : null;
}

/** The id of the key by which somebody calls; null for a session. */
export function keyIdOf({ credential }: { readonly credential: string }): string | null {
  return credential.startsWith('key:') ? credential.slice(4) : null;
}
