/** Values into sealed versions and back, under the master key that the database says is in use. */
import type { SecretValue } from '@casare/shared/protocol';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database/index.ts';
import { Fault } from '../platform/errors.ts';
import { boundTo, decrypt, encrypt, newDataKey, type Place } from './envelope.ts';
import type { MasterKeys } from './master-keys.ts';
import * as masters from './master.store.ts';
import type { SealedVersion } from './secret.store.ts';

export interface SealingOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly keys: MasterKeys;
}

/** A value under a data key of its own, which is under the master key `masterId`. */
export async function seal(
  { keys }: Pick<SealingOptions, 'keys'>,
  masterId: string,
  place: Place,
  value: SecretValue,
): Promise<SealedVersion> {
  const dataKey = newDataKey();
  const sealedValue = encrypt(dataKey, Buffer.from(JSON.stringify(value), 'utf8'), boundTo(place));
  const wrappedKey = await keys.wrap(masterId, dataKey, boundTo(place));
  return { version: place.version, sealedValue, wrappedKey, masterId };
}

/** @throws Fault SECRET_UNREADABLE, SECRETS_MASTER_MISSING, SECRETS_KEY_UNAVAILABLE */
export async function open({ keys }: SealingOptions, place: Place, sealed: SealedVersion): Promise<SecretValue> {
  const dataKey = await keys.unwrap(sealed.masterId, sealed.wrappedKey, boundTo(place));
  const plain = dataKey === null ? null : decrypt(dataKey, sealed.sealedValue, boundTo(place));
  if (plain !== null) return JSON.parse(plain.toString('utf8')) as SecretValue;
  throw new Fault({
    code: 'SECRET_UNREADABLE',
    what: `Version ${place.version} of the secret ${place.name} does not open`,
    why: 'its row was changed, or moved from another secret',
    fix: 'Store the secret anew',
    status: 503,
  });
}

/** The master key in use; the first one is put on record here. */
export async function masterInUse({ db, clock, keys }: SealingOptions): Promise<string> {
  const known = await masters.currentMaster(db);
  if (known !== null) return known;
  await masters.firstMaster(db, await keys.newest(), clock.now());
  return (await masters.currentMaster(db))!;
}
