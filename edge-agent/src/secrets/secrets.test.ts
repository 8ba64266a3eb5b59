/** The sealing key in the home, and what opens by it. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sealTo } from '@casare/shared/sealing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { agentHome, type AgentHome, makeHome } from '../identity/index.ts';
import { obtainSecrets } from './obtain.ts';
import { openSealedSecrets } from './sealed-source.ts';
import { sealingKey } from './sealing-key.ts';

const agentId = crypto.randomUUID();
const place = (name: string, version = 1) => ({ tenant: 'acme', agentId, name, version });
const content = { value: 'a sealed value', rules: { origins: ['https://portal.example.com'] } };

let home: AgentHome;
beforeEach(() => {
  home = agentHome(mkdtempSync(join(tmpdir(), 'casare-sealing-')), {});
  makeHome(home);
});
afterEach(() => rmSync(home.root, { recursive: true }));

test('the key is made once, for its owner alone', async () => {
  const first = await sealingKey(home);
  expect(await sealingKey(home)).toEqual(first);
  expect(readFileSync(home.sealingKey, 'utf8')).not.toContain(first.publicKey);
  if (process.platform !== 'win32') expect(statSync(home.sealingKey).mode & 0o777).toBe(0o600);
});

test.each(['', '{}', '{"privateKey":"AAAA"}', 'no json'])('a damaged key is not replaced: %j', async (text) => {
  writeFileSync(home.sealingKey, text);
  await expect(sealingKey(home)).rejects.toMatchObject({ code: 'SEALING_KEY_DAMAGED' });
  expect(readFileSync(home.sealingKey, 'utf8')).toBe(text);
});

test('what is sealed opens here, with the rules that are inside, beside what was given', async () => {
  const { publicKey, privateKey } = await sealingKey(home);
  const sealed = { version: 1, sealed: await sealTo(publicKey, place('portal'), content) };
  const given = { secrets: { other: 'given' }, secretRules: { portal: {} }, sealedSecrets: { portal: sealed } };
  expect(await obtainSecrets([openSealedSecrets({ ...place(''), privateKey })], given)).toEqual({
    secrets: { other: 'given', portal: 'a sealed value' },
    secretRules: { portal: content.rules },
  });
});

test('46: a ciphertext of another agent, tenant, secret or version does not open', async () => {
  const { publicKey, privateKey } = await sealingKey(home);
  const open = (change: object, name = 'portal', version = 1) =>
    sealTo(publicKey, { ...place('portal'), ...change }, content).then((sealed) =>
      obtainSecrets([openSealedSecrets({ ...place(''), privateKey })], {
        secrets: {},
        sealedSecrets: { [name]: { version, sealed } },
      }),
    );
  expect((await open({})).secrets).toEqual({ portal: 'a sealed value' });
  const refused = { code: 'SECRET_SEALED_UNREADABLE' };
  await expect(open({}, 'moved')).rejects.toMatchObject(refused);
  await expect(open({}, 'portal', 2)).rejects.toMatchObject(refused);
  await expect(open({ agentId: crypto.randomUUID() })).rejects.toMatchObject(refused);
  await expect(open({ tenant: 'other' })).rejects.toMatchObject(refused);
});

test('a name that comes by value too is refused', async () => {
  const { publicKey, privateKey } = await sealingKey(home);
  const sealed = { version: 1, sealed: await sealTo(publicKey, place('portal'), content) };
  const both = { secrets: { portal: 'by value' }, sealedSecrets: { portal: sealed } };
  await expect(obtainSecrets([openSealedSecrets({ ...place(''), privateKey })], both)).rejects.toMatchObject({
    code: 'SECRET_GIVEN_TWICE',
  });
});
