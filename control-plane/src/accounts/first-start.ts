/**
 * The first start: tenant `default`, an owner and an API key, and `<home>/admin.json` that says so (design section 16).
 *
 * Invariants: it can be repeated; what is there is kept. The file is written before the rows are committed, so that a
 * crash in between leaves a file whose credentials the next start makes true. A lost file gets a new API key (the old
 * one is revoked) and, only when asked, a new password. Replicas that start at once take turns, so the file is read by
 * the second one after the first one wrote it.
 */
import { z } from 'zod';
import path from 'node:path';
import { appendAudit } from '../audit/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Transaction } from '../platform/database/index.ts';
import { Fault } from '../platform/errors.ts';
import { readPrivateFile, writePrivateFile } from '../platform/home.ts';
import { randomToken, type Ids } from '../platform/ids.ts';
import type { Log } from '../platform/log.ts';
import * as accounts from './account.store.ts';
import { insertKey, keyById, revokeKeysNamed } from './api-key.store.ts';
import { hashSecret, newApiKey, readApiKey } from './credential.ts';
import { hashPassword } from './password.ts';
import { dropFactor } from './second-factor.store.ts';

/** `<home>/admin.json`. `password` is null when the file was lost: it cannot be shown again. */
export const AdminFile = z.object({
  url: z.url(),
  email: z.string(),
  password: z.string().nullable(),
  apiKey: z.string(),
  tenant: z.string(),
});
export type AdminFile = z.infer<typeof AdminFile>;

export interface FirstStartOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly home: string;
  /** Where the web listener is reached. */
  readonly url: string;
  /** Give the owner a new password. */
  readonly resetPassword?: boolean;
}

const TENANT = 'default';
const EMAIL = 'owner@casare.local';
const KEY_NAME = 'first start';

/** Makes the above true and gives back the file's content. */
export async function firstStart(options: FirstStartOptions): Promise<AdminFile> {
  const file = adminPath(options.home);
  return options.database.transaction(async (tx) => {
    await accounts.lockFirstStart(tx);
    const found = await readAdminFile(options.home);
    await tx.execute(accounts.insertTenant(TENANT, 'Default'));
    const owner = await accounts.firstOwner(tx, TENANT);
    const kept = owner !== null && found?.email === owner.email ? found.password : null;
    const password = owner === null || options.resetPassword ? newPassword(found, options) : kept;
    const apiKey = found !== null && readApiKey(found.apiKey) !== null ? found.apiKey : newApiKey().text;
    const admin = { url: options.url, email: owner?.email ?? EMAIL, password, apiKey, tenant: TENANT };
    if (JSON.stringify(admin) !== JSON.stringify(found)) {
      await writePrivateFile(file, `${JSON.stringify(admin, null, 2)}\n`);
    }
    const accountId = await ensureOwner(tx, owner, password, options);
    await ensureKey(tx, accountId, apiKey, options);
    if (found === null && owner !== null) {
      options.log.warn('admin.json was missing: a new API key was made', {
        file,
        fix: 'the password cannot be shown again: sign in by `casare login --link`, or start once with `casare up --reset-password`',
      });
    }
    return admin;
  });
}

/** The file's content; null when there is none. @throws Fault ADMIN_FILE_INVALID, FILE_NOT_PRIVATE */
export async function readAdminFile(home: string): Promise<AdminFile | null> {
  const file = adminPath(home);
  const content = await readPrivateFile(file);
  if (content === null) return null;
  try {
    return AdminFile.parse(JSON.parse(content.toString('utf8')));
  } catch (cause) {
    throw new Fault({
      code: 'ADMIN_FILE_INVALID',
      what: `${file} cannot be read`,
      why: 'it is not what the first start wrote',
      fix: 'Restore it, or delete it: the next start makes a new API key',
      cause,
    });
  }
}

function adminPath(home: string): string {
  return path.join(home, 'admin.json');
}

/** After a crash before the commit, the file's password becomes the account's. */
function newPassword(found: AdminFile | null, { resetPassword }: FirstStartOptions): string {
  return resetPassword ? randomToken(18) : (found?.password ?? randomToken(18));
}

async function ensureOwner(
  tx: Transaction,
  owner: accounts.AccountRow | null,
  password: string | null,
  { ids, resetPassword }: FirstStartOptions,
): Promise<string> {
  if (owner !== null && !(resetPassword && password !== null)) return owner.id;
  const passwordHash = await hashPassword(password!);
  const id = owner?.id ?? ids.next();
  if (owner === null)
    await accounts.insertAccount(tx, { tenant: TENANT, id, email: EMAIL, passwordHash, role: 'owner', platform: true });
  else {
    await accounts.setPassword(tx, TENANT, id, passwordHash);
    // Who may do this has lost what they signed in by, and holds the server itself.
    await dropFactor(tx, { tenant: TENANT, accountId: id });
  }
  const action = owner === null ? 'account.created' : 'account.passwordReset';
  await appendAudit(tx, { tenant: TENANT, actor: 'system', action, subject: `account:${id}` });
  return id;
}

/** A key that somebody revoked is not made again: with its file deleted, the next start makes a new one. */
async function ensureKey(
  tx: Transaction,
  accountId: string,
  text: string,
  { clock, log, home }: FirstStartOptions,
): Promise<void> {
  const { id, secret } = readApiKey(text)!;
  const found = await keyById(tx, TENANT, id);
  if (found?.revokedAt) {
    const fix = 'delete the file and start again for a new one';
    log.warn('the API key of admin.json was revoked', { file: adminPath(home), fix });
  }
  if (found !== null) return;
  const now = clock.now();
  await revokeKeysNamed(tx, TENANT, accountId, KEY_NAME, now);
  const rights = { role: 'owner', scopes: null, platform: true } as const;
  const row = { tenant: TENANT, id, accountId, name: KEY_NAME, ...rights, createdBy: 'system', createdAt: now };
  await insertKey(tx, { ...row, secretHash: hashSecret(secret), expiresAt: null });
  await appendAudit(tx, { tenant: TENANT, actor: 'system', action: 'apiKey.created', subject: `key:${id}` });
}
