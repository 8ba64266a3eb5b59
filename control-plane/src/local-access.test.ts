/** Break-glass: the same calls on the server's own store, beside a running control plane and without one. */
import { createOfflineRoot, signAuthority } from '@casare/certs';
import { run, type LocalDesk } from '@casare/certs/cli';
import { api, type AuthorityRequest } from '@casare/shared/api';
import { ApiError } from '@casare/shared/client';
import { chown, copyFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { openLocalAccess } from './local-access.ts';
import { testDatabase, type TestDatabase } from './platform/database/testing.ts';
import { startTestControlPlane, type TestControlPlane } from './testing.ts';
import { TRUST_DOMAIN } from './trust/index.ts';

const PASSPHRASE = 'correct horse battery';
let desk: LocalDesk | undefined;
afterEach(async () => {
  await desk?.close();
  desk = undefined;
});

describe('beside a running control plane', () => {
  let plane: TestControlPlane;
  let env: Record<string, string>;
  beforeAll(async () => {
    plane = await startTestControlPlane();
    env = { CASARE_HOME: plane.home, CASARE_DATABASE_URL: plane.database.url };
  });
  afterAll(() => plane.close());

  it('shows and changes what REST shows, as the operator, and is on record under its own name', async () => {
    desk = await openLocalAccess(env);
    const [there, here] = [await plane.client.call(api.trust.status), await desk.client.call(api.trust.status)];
    expect(here).toMatchObject({ operator: true, rev: there.rev, signer: { state: 'up' } });
    expect(here.authorities).toEqual(there.authorities);
    const target = here.authorities.find(({ kind }) => kind === 'server_ca')!.id;
    const body = { kind: 'ca', target, reason: 'drill', ttlSeconds: 60 } as const;
    const lock = await desk.client.call(api.locks.create, { body });
    expect(lock.createdBy).toBe(`local:${userInfo().username}`);
    expect(await plane.client.call(api.locks.list, { query: {} })).toMatchObject({ items: [{ id: lock.id }] });
    await desk.client.call(api.locks.lift, { params: { id: lock.id }, body: {} });
    const unknown = desk.client.call(api.trust.certificate, { params: { serial: 'abcd' } });
    await expect(unknown).rejects.toMatchObject({ problem: { status: 404, code: 'CERTIFICATE_NOT_FOUND' } });
  });

  it('takes a root offline, which the gateways hear of', async () => {
    desk = await openLocalAccess(env);
    const { roots } = desk;
    await expect(roots.exportRoot('agent', 'short')).rejects.toBeInstanceOf(ApiError);
    const files = await roots.exportRoot('agent', PASSPHRASE);
    const { id } = await roots.takeOffline('agent', { files, passphrase: PASSPHRASE });
    await vi.waitFor(async () => {
      const status = await plane.client.call(api.trust.status);
      expect(status.authorities.find((ca) => ca.id === id)).toMatchObject({ kind: 'agent_root', key: 'offline' });
    });
    await expect(roots.exportRoot('agent', PASSPHRASE)).rejects.toMatchObject({ problem: { code: 'ROOT_OFFLINE' } });
  });

  it('makes no second master key: not beside a signer of another user, nor in a home that is not the one', async () => {
    const other = await mkdtemp(path.join(tmpdir(), 'casare-local-other-'));
    const elsewhere = [
      // Beside the right key too: where a signer is named, that one has it.
      [
        { ...env, CASARE_SIGNER_SOCKET: '/run/casare-signer/signer.sock' },
        'the signer at /run/casare-signer/signer.sock',
      ],
      [{ ...env, CASARE_HOME: other }, `${other}/master.key is not there`],
    ] as const;
    for (const [wrong, why] of elsewhere) {
      await expect(openLocalAccess(wrong)).rejects.toMatchObject({
        code: 'LOCAL_KEY_ELSEWHERE',
        message: expect.stringContaining(why) as string,
      });
    }
    expect(await readdir(other)).not.toContain('master.key');
    await rm(other, { recursive: true });
  });

  it('makes no empty database where that of the installation is not: in the home of its signer', async () => {
    const signers = await mkdtemp(path.join(tmpdir(), 'casare-local-signer-'));
    await copyFile(path.join(plane.home, 'master.key'), path.join(signers, 'master.key'));
    for (const begins of [false, true]) {
      const opened = openLocalAccess({ CASARE_HOME: signers }, { begins });
      await expect(opened).rejects.toMatchObject({ code: 'LOCAL_STORE_ELSEWHERE' });
    }
    expect(await readdir(signers)).toEqual(['master.key']);
    desk = await openLocalAccess({ CASARE_HOME: signers, CASARE_DATABASE_URL: env['CASARE_DATABASE_URL'] });
    expect(await desk.client.call(api.trust.status)).toMatchObject({ operator: true });
    await desk.close();
    desk = undefined;
    await rm(signers, { recursive: true });
  });

  it('serves the commands of casare-certs', async () => {
    const said = { out: '', error: '' };
    const code = await run(['--local', '--output', 'json', 'status'], {
      out: (text) => (said.out += text),
      error: (text) => (said.error += text),
      env: {},
      signal: new AbortController().signal,
      now: () => new Date(),
      connect: () => Promise.reject(new Error('not asked')),
      openLocal: () => openLocalAccess(env),
      readInput: () => Promise.resolve(''),
    });
    expect([code, said.error]).toEqual([0, '']);
    expect(JSON.parse(said.out)).toMatchObject({ operator: true });
  });
});

describe('before the first start', () => {
  let database: TestDatabase;
  let home: string;
  beforeAll(async () => {
    database = await testDatabase();
    home = await mkdtemp(path.join(tmpdir(), 'casare-local-'));
  });
  afterAll(async () => {
    await database.close();
    await rm(home, { recursive: true });
  });

  it.skipIf(process.getuid?.() !== 0)('makes no key in the home of another user (needs root)', async () => {
    const theirs = await mkdtemp(path.join(tmpdir(), 'casare-local-theirs-'));
    await chown(theirs, 65_534, 65_534);
    const opened = openLocalAccess({ CASARE_HOME: theirs, CASARE_DATABASE_URL: database.url });
    await expect(opened).rejects.toMatchObject({ code: 'LOCAL_KEY_ELSEWHERE' });
    expect(await readdir(theirs)).not.toContain('master.key');
    await rm(theirs, { recursive: true });
  });

  it('makes no database, but for a command that begins an installation', async () => {
    const fresh = path.join(home, 'fresh');
    await expect(openLocalAccess({ CASARE_HOME: fresh })).rejects.toMatchObject({ code: 'LOCAL_STORE_ELSEWHERE' });
    expect(await readdir(home)).not.toContain('fresh');
  });

  it('takes roots that the server never has, and the server CA that they signed', async () => {
    const root = await createOfflineRoot({ kind: 'server', passphrase: PASSPHRASE, now: new Date() });
    if (!root.ok) throw new Error(root.message);
    desk = await openLocalAccess({ CASARE_HOME: home, CASARE_DATABASE_URL: database.url });
    await desk.roots.importRoot('server', { certificatePem: root.value.certificate });
    const request: AuthorityRequest = await desk.client.call(api.authorities.request, { body: { kind: 'server_ca' } });
    const how = { root: root.value, passphrase: PASSPHRASE, csr: request.csrPem, now: new Date() };
    const signed = await signAuthority({ ...how, kind: 'server_ca', tenant: null, trustDomain: TRUST_DOMAIN });
    if (!signed.ok) throw new Error(signed.message);
    const taken = await desk.client.call(api.authorities.import, {
      params: { id: request.id },
      body: { certificatePem: signed.value.certificate },
    });
    expect(taken).toMatchObject({ kind: 'server_ca', state: 'active', key: 'server' });
  });
});
