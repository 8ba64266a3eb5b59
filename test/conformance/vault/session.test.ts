/** The client of Vault against the double over real TLS: logins, renewals, secrets, transit, and every way it can fail. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VaultFault, VaultSession, VaultTransit, readKv, type VaultAuth } from '@casare/shared/vault';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTestPki, type TestPki } from '../../../edge-agent/src/identity/pki-for-tests.ts';
import { dialVault } from '../../../edge-agent/src/secrets/vault-dial.ts';
import { VaultForTests } from '../../support/vault-for-tests.ts';

let pki: TestPki;
let folder = '';
let caFile = '';
let vault: VaultForTests;
let sessions: VaultSession[] = [];
/** The clock of the sessions, and what they have planned by it. */
let now = 0;
let planned: { at: number; run: () => void }[] = [];
beforeAll(async () => {
  pki = await createTestPki();
  folder = mkdtempSync(join(tmpdir(), 'casare-vault-'));
  caFile = join(folder, 'ca.pem');
  writeFileSync(caFile, pki.serverRoot);
  writeFileSync(join(folder, 'agent.pem'), pki.agent.chainPem);
  writeFileSync(join(folder, 'agent.key'), pki.agent.privateKeyPem, { mode: 0o600 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(async () => {
  [now, planned, sessions] = [0, [], []];
  vault = await new VaultForTests({ ...pki.gateway, clientCa: pki.agentRoot }).start();
  vault.put('secret/portal', { username: 'buyer', password: 'hunter22', attempts: 3 });
});
afterEach(async () => {
  await Promise.all(sessions.map((session) => session.close()));
  await vault.stop();
});

const approle = (): VaultAuth => ({
  ...{ method: 'approle', mount: 'approle' },
  roleId: () => Promise.resolve(vault.roleId),
  secretId: () => Promise.resolve(vault.secretId),
});
function open(
  auth: VaultAuth = approle(),
  more: { namespace?: string; caFile?: string; timeoutMs?: number } = {},
): VaultSession {
  const { address } = vault;
  const client =
    auth.method === 'cert' ? { certFile: join(folder, 'agent.pem'), keyFile: join(folder, 'agent.key') } : undefined;
  const session = new VaultSession({
    ...{ address, auth, timeoutMs: 5_000, namespace: undefined, ...more },
    send: dialVault({ address, caFile: more.caFile ?? caFile, client }),
    now: () => now,
    after: (ms, run) => {
      const entry = { at: now + ms, run };
      planned.push(entry);
      return () => (planned = planned.filter((one) => one !== entry));
    },
  });
  sessions.push(session);
  return session;
}
const signal = AbortSignal.timeout(60_000);
const read = (session: VaultSession, path = 'portal', version?: number) =>
  readKv(session, { mount: 'secret', path, version }, signal);
async function codeOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => 'no fault',
    (thrown: unknown) => thrown,
  );
  return error instanceof VaultFault ? error.code : String(error);
}
/** The time of everybody. */
function pass(ms: number): void {
  now += ms;
  vault.ahead += ms;
  const due = planned.filter(({ at }) => at <= now);
  planned = planned.filter(({ at }) => at > now);
  for (const { run } of due) run();
}
const times = (asked: string): number => vault.asked.filter((one) => one === asked).length;
const LOGIN = 'POST auth/approle/login';
const RENEWAL = 'POST auth/token/renew-self';

describe('secrets', () => {
  test('texts of the newest version, or of the one that is asked for', async () => {
    const session = open();
    expect(await read(session)).toEqual({ username: 'buyer', password: 'hunter22' });
    vault.put('secret/portal', { password: 'newer' });
    expect(await read(session)).toEqual({ password: 'newer' });
    expect(await read(session, 'portal', 1)).toMatchObject({ password: 'hunter22' });
    vault.put('secret/a b/ü', { x: 'a path' });
    expect(await read(session, 'a b/ü')).toEqual({ x: 'a path' });
    expect(times(LOGIN)).toBe(1);
  });

  test('what is not there, deleted, destroyed or no text has a code of its own', async () => {
    const session = open();
    expect(await codeOf(read(session, 'absent'))).toBe('VAULT_NO_SUCH_SECRET');
    expect(await codeOf(read(session, 'portal', 9))).toBe('VAULT_NO_SUCH_SECRET');
    vault.put('secret/numbers', { pin: 1234 });
    expect(await codeOf(read(session, 'numbers'))).toBe('VAULT_NOT_TEXT');
    vault.take('secret/portal', 'delete');
    expect(await codeOf(read(session))).toBe('VAULT_SECRET_DELETED');
    vault.take('secret/portal', 'destroy');
    expect(await codeOf(read(session))).toBe('VAULT_SECRET_DESTROYED');
  });
});

describe('a login', () => {
  test('is renewed at two thirds of its time, asked for or not', async () => {
    const session = open();
    await read(session);
    pass(2_399_000);
    expect(times(RENEWAL)).toBe(0);
    pass(2_000);
    await expect.poll(() => times(RENEWAL)).toBe(1);
    await expect.poll(() => planned.length).toBe(1);
    // Of the time that the renewal gave, not of the first.
    pass(3_500_000);
    await expect.poll(() => times(RENEWAL)).toBe(2);
    await read(session);
    expect(times(LOGIN)).toBe(1);
  });

  test('that cannot be renewed is made anew when it has ended, once for all who wait', async () => {
    vault.isRenewable = false;
    const session = open();
    await Promise.all([read(session), read(session), read(session)]);
    expect([times(LOGIN), planned.length]).toEqual([1, 0]);
    pass(3_600_000);
    await Promise.all([read(session), read(session)]);
    expect([times(LOGIN), times(RENEWAL)]).toEqual([2, 0]);
  });

  test('goes on while a renewal fails, and is tried again', async () => {
    const session = open();
    await read(session);
    vault.instead = 500;
    pass(2_401_000);
    await expect.poll(() => planned.length).toBe(1);
    vault.instead = null;
    await read(session);
    pass(20_000);
    await expect.poll(() => times(RENEWAL)).toBe(2);
    expect(times(LOGIN)).toBe(1);
  });

  test('that was revoked is made anew, and the call made again; one that a policy refuses is not', async () => {
    const session = open();
    await read(session);
    vault.tokens.clear();
    expect(await read(session)).toMatchObject({ password: 'hunter22' });
    expect(times(LOGIN)).toBe(2);
    vault.allows = ['secret/data/other'];
    vault.tokens.clear();
    expect(await codeOf(read(session))).toBe('VAULT_DENIED');
    expect(await codeOf(read(session))).toBe('VAULT_DENIED');
    expect(times(LOGIN)).toBe(3);
  });

  test('of ours is given back; a token that somebody gave is not', async () => {
    const session = open();
    await read(session);
    await session.close();
    expect([vault.tokens.size, planned.length]).toEqual([0, 0]);
    const given = vault.issue();
    const other = open({ method: 'token', token: () => Promise.resolve(given) });
    await read(other);
    await other.close();
    expect([...vault.tokens.keys()]).toEqual([given]);
  });

  test('by a token is renewed too, and read again from where it is when it is gone', async () => {
    let given = vault.issue();
    const session = open({ method: 'token', token: () => Promise.resolve(given) });
    await read(session);
    pass(2_401_000);
    await expect.poll(() => times(RENEWAL)).toBe(1);
    vault.tokens.clear();
    given = vault.issue();
    expect(await read(session)).toMatchObject({ username: 'buyer' });
    vault.tokens.clear();
    expect(await codeOf(read(session))).toBe('VAULT_LOGIN_REFUSED');
  });

  test('that was revoked while it was renewed is made anew all the same', async () => {
    let given = vault.issue();
    const session = open({ method: 'token', token: () => Promise.resolve(given) });
    await read(session);
    vault.tokens.clear();
    given = vault.issue();
    pass(2_401_000);
    expect(await read(session)).toMatchObject({ username: 'buyer' });
  });

  test('by a certificate of TLS', async () => {
    expect(await read(open({ method: 'cert', mount: 'cert' }))).toMatchObject({ username: 'buyer' });
  });

  test('with wrong credentials is refused, and says nothing of them, even when Vault repeats what it got', async () => {
    vault.echoes = true;
    const secretId = 'canary-of-a-secret-id';
    const session = open({ ...approle(), secretId: () => Promise.resolve(secretId) } as VaultAuth);
    const thrown = await read(session).then(String, (error: unknown) => JSON.stringify(error) + String(error));
    expect(thrown).toContain('does not log in');
    expect(vault.heard.join('')).toContain(secretId);
    expect(thrown).not.toContain(secretId);
  });
});

describe('a Vault that does not serve', () => {
  test.each([
    ['sealed', () => (vault.isSealed = true), 'VAULT_SEALED', true],
    ['a standby', () => (vault.isStandby = true), 'VAULT_STANDBY', false],
    ['busy', () => (vault.instead = 429), 'VAULT_BUSY', true],
    ['broken', () => (vault.instead = 500), 'VAULT_BROKEN', true],
    ['something else', () => (vault.instead = 418), 'VAULT_REFUSED', false],
  ])('%s has a code, and says whether waiting helps', async (_, become, code, isPassing) => {
    const session = open();
    await read(session);
    become();
    await expect(read(session)).rejects.toMatchObject({ code, isPassing });
  });

  test('that is not there, does not answer, or is not the one of the CA file, cannot be reached', async () => {
    expect(await codeOf(read(open(approle(), { caFile: join(folder, 'agent.pem') })))).toBe('VAULT_UNREACHABLE');
    vault.instead = 'silence';
    expect(await codeOf(read(open(approle(), { timeoutMs: 200 })))).toBe('VAULT_UNREACHABLE');
    const session = open();
    await vault.stop();
    expect(await codeOf(read(session))).toBe('VAULT_UNREACHABLE');
    // None of them was sent a credential before it was known whose it is.
    expect(vault.heard.filter((text) => text.includes(vault.secretId))).toHaveLength(1);
  });

  test('answers for its namespace alone', async () => {
    vault.namespace = 'team/a';
    expect(await read(open(approle(), { namespace: 'team/a' }))).toMatchObject({ username: 'buyer' });
    expect(await codeOf(read(open()))).toBe('VAULT_NO_SUCH_PATH');
  });
});

describe('transit', () => {
  test('encrypts under the version that is asked for, rewraps, and decrypts what it may', async () => {
    const transit = new VaultTransit(open(), 'transit', 'casare');
    const plain = Buffer.from('a data key of 32 bytes').toString('base64');
    expect(await codeOf(transit.encrypt(plain))).toBe('VAULT_NO_SUCH_KEY');
    vault.rotate('casare');
    const first = await transit.encrypt(plain);
    expect(first).toMatch(/^vault:v1:/);
    vault.rotate('casare');
    expect(await transit.encrypt(plain, 1)).toMatch(/^vault:v1:/);
    const second = await transit.rewrap(first, 2);
    expect(second).toMatch(/^vault:v2:/);
    expect([await transit.decrypt(first), await transit.decrypt(second)]).toEqual([plain, plain]);
    expect(await transit.decrypt(second.slice(0, -8) + 'AAAAAAA=')).toBeNull();
    vault.keys.get('casare')!.least = 2;
    expect(await codeOf(transit.decrypt(first))).toBe('VAULT_NO_SUCH_KEY');
  });
});
