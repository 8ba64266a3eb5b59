/**
 * The master key of secrets in a double of Vault's transit engine, over real TLS and the guarded way out, on a real database: keys
 * go from the file to Vault, from version to version, and back; what happens while Vault is away.
 */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { ManualClock } from '../../../control-plane/src/platform/clock.ts';
import { sql } from '../../../control-plane/src/platform/database/index.ts';
import { testDatabase, type TestDatabase } from '../../../control-plane/src/platform/database/testing.ts';
import { OutboundAllowed } from '../../../control-plane/src/platform/outbound/allowed.ts';
import type { VaultMaster } from '../../../control-plane/src/platform/secrets-master.ts';
import { isRefusal } from '../../../control-plane/src/platform/refusal.ts';
import { createSecrets, type SecretsFeature } from '../../../control-plane/src/secrets/secrets.module.ts';
import { createTestPki, type TestPki } from '../../../edge-agent/src/identity/pki-for-tests.ts';
import { VaultForTests } from '../../support/vault-for-tests.ts';

const BY = { tenant: 'acme', actor: 'account:test' };
const addTenant = sql<never>('testAddAcme', `INSERT INTO tenant (id, name) VALUES ('acme', 'acme')`);
const moveKey = sql<never>(
  'testMoveKey',
  `UPDATE secret_version v SET wrapped_key = o.wrapped_key FROM secret_version o WHERE v.name = 'b' AND o.name = 'a'`,
);
const wrappedSql = sql<{ wrapped: string }>('testWrapped', 'SELECT wrapped_key AS wrapped FROM secret_version');
let pki: TestPki;
let vault: VaultForTests;
let database: TestDatabase;
let home = '';
let clock: ManualClock;
beforeAll(async () => {
  pki = await createTestPki();
});
beforeEach(async () => {
  database = await testDatabase();
  await database.db.execute(addTenant());
  home = mkdtempSync(join(tmpdir(), 'casare-transit-'));
  vault = await new VaultForTests(pki.gateway).start();
  vault.rotate('casare');
  clock = new ManualClock();
  writeFileSync(join(home, 'ca.pem'), pki.serverRoot);
  writeFileSync(join(home, 'secret-id'), vault.secretId, { mode: 0o600 });
});
afterEach(async () => {
  await Promise.all([database.close(), vault.stop()]);
  rmSync(home, { recursive: true, force: true });
});

const settings = (): VaultMaster => ({
  ...{ address: vault.address, mount: 'transit', key: 'casare', caFile: join(home, 'ca.pem') },
  login: { method: 'approle', roleId: vault.roleId, secretIdFile: join(home, 'secret-id') },
});
function replica(from: 'file' | 'vault' = 'vault', allowed = '127.0.0.1'): SecretsFeature {
  const may = OutboundAllowed.parse(allowed)!;
  return createSecrets({ db: database.db, clock, home, allowed: may, master: { from, vault: settings() } });
}
const set = (on: SecretsFeature, name: string, value: string) => on.management.set(BY, name, { value });
async function read(on: SecretsFeature, name: string): Promise<unknown> {
  const ids = { jobId: crypto.randomUUID(), attempt: 1, agentId: crypto.randomUUID(), requestedBy: 'account:ann' };
  return (await on.delivery.secretsFor({ tenant: 'acme', ...ids }, [name])).values[name];
}
async function rotated(on: SecretsFeature): Promise<string> {
  const outcome = await on.rotation.rotate(BY);
  if (isRefusal(outcome)) return outcome.code;
  expect(outcome).toMatchObject({ done: true, retiring: [] });
  return outcome.current;
}
const times = (asked: string): number => vault.asked.filter((one) => one === asked).length;

test('goes from the file to Vault, along its versions, and back, while secrets stay readable', async () => {
  await set(replica('file'), 'a', 'value a');
  const one = replica();
  expect(await rotated(one)).toBe('vault:transit/casare:v1');
  expect(await rotated(one)).toBe('MASTER_KEY_SAME');
  await set(one, 'b', 'value b');
  expect([await read(replica(), 'a'), await read(replica(), 'b')]).toEqual(['value a', 'value b']);
  vault.rotate('casare');
  const decrypted = times('POST transit/decrypt/casare');
  expect(await rotated(one)).toBe('vault:transit/casare:v2');
  // Data keys did not leave Vault for it, and the first version is needed no more.
  expect([times('POST transit/rewrap/casare'), times('POST transit/decrypt/casare')]).toEqual([2, decrypted]);
  vault.keys.get('casare')!.least = 2;
  expect([await read(replica(), 'a'), await read(replica(), 'b')]).toEqual(['value a', 'value b']);
  expect(await rotated(replica('file'))).toMatch(/^file:/);
  const alone = createSecrets({ db: database.db, clock, home, master: { from: 'file' } });
  expect([await read(alone, 'a'), await read(alone, 'b')]).toEqual(['value a', 'value b']);
});

test('is never here: neither key nor value is in the database or in what Vault is sent', async () => {
  await set(replica(), 'a', 'canary-4711');
  const [row] = await database.db.query(wrappedSql());
  expect(row?.wrapped).toMatch(/^vault:v1:/);
  expect(vault.heard.join('\n')).not.toMatch(/canary-4711|acme/);
});

test('opens a data key in its own place only', async () => {
  const one = replica();
  await set(one, 'a', 'value a');
  await set(one, 'b', 'value b');
  await database.owner.execute(moveKey());
  await expect(read(replica(), 'b')).rejects.toMatchObject({ code: 'SECRET_UNREADABLE' });
  expect(await read(replica(), 'a')).toBe('value a');
});

test('that is away refuses clearly; what was opened here goes on for an hour', async () => {
  const one = replica();
  await set(one, 'a', 'value a');
  expect(await read(one, 'a')).toBe('value a');
  vault.isSealed = true;
  expect(await read(one, 'a')).toBe('value a');
  await expect(read(replica(), 'a')).rejects.toMatchObject({
    code: 'SECRETS_KEY_UNAVAILABLE',
    message: expect.stringContaining('VAULT_SEALED') as string,
  });
  await expect(set(one, 'b', 'x')).rejects.toMatchObject({ code: 'SECRETS_KEY_UNAVAILABLE' });
  clock.advance(3_600_001);
  await expect(read(one, 'a')).rejects.toMatchObject({ code: 'SECRETS_KEY_UNAVAILABLE' });
  vault.isSealed = false;
  expect(await read(one, 'a')).toBe('value a');
  // A version that Vault gave up is lost, and no waiting helps.
  vault.rotate('casare');
  vault.keys.get('casare')!.least = 2;
  await expect(read(replica(), 'a')).rejects.toMatchObject({ code: 'SECRETS_MASTER_MISSING' });
});

test('is called only where the operator allows it, and no credential is sent before', async () => {
  await expect(set(replica('vault', '10.0.0.0/8'), 'a', 'x')).rejects.toMatchObject({
    code: 'SECRETS_KEY_UNAVAILABLE',
    message: expect.stringContaining('OUTBOUND_REFUSED') as string,
  });
  chmodSync(join(home, 'secret-id'), 0o644);
  await expect(set(replica(), 'a', 'x')).rejects.toThrow(/secret-id is open to others/);
  expect(vault.heard).toEqual([]);
});
