/** Sealed secrets as the control plane keeps them: versions, recipients, keys that change, what an attempt is given. */
import type { SealRequest, SecretRequest } from '@casare/shared/api';
import { api, ApiError, type Client } from '@casare/shared/client';
import { generateSealingKey, openSealed, sealTo } from '@casare/shared/sealing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ManualClock } from '../platform/clock.ts';
import { sql } from '../platform/database/index.ts';
import { startTestControlPlane, type TestControlPlane } from '../testing.ts';
import { createSecrets } from './secrets.module.ts';
import { VERSIONS } from './secrets.service.ts';

const addAgent = sql<never, [id: string, name: string, key: string | null]>(
  'testAddAgentWithKey',
  `INSERT INTO agent (tenant_id, id, name, state, join_token_id, key_digest, sealing_key)
   VALUES ('default', $1, $2, 'active', 't', $2, $3)`,
);
const setKey = sql<never, [id: string, key: string | null]>(
  'testSetSealingKey',
  `UPDATE agent SET sealing_key = $2 WHERE id = $1`,
);
const labelsOf = sql<{ name: string; labels: string[] }>(
  'testSealedLabels',
  `SELECT name, sealed_labels AS labels FROM agent ORDER BY name`,
);
const auditOf = sql<{ actor: string; detail: unknown }, [action: string]>(
  'testSealedAudit',
  `SELECT actor, detail FROM audit_event WHERE action = $1 ORDER BY seq DESC LIMIT 1`,
);
const rowsOf = sql<{ version: number }>(
  'testSealedVersions',
  `SELECT version FROM sealed_secret WHERE name = 'many' ORDER BY version`,
);

let plane: TestControlPlane;
let client: Client;
const one = { agentId: crypto.randomUUID(), publicKey: '', privateKey: '' };
const two = { agentId: crypto.randomUUID(), publicKey: '', privateKey: '' };
const old = crypto.randomUUID();
beforeAll(async () => {
  plane = await startTestControlPlane();
  ({ client } = plane);
  for (const [agent, name] of [
    [one, 'one'],
    [two, 'two'],
  ] as const) {
    Object.assign(agent, await generateSealingKey());
    await plane.database.db.execute(addAgent(agent.agentId, name, agent.publicKey));
  }
  await plane.database.db.execute(addAgent(old, 'old', null));
});
afterAll(() => plane.close());

type Recipient = typeof one;
async function sealedTo(name: string, version: number, ...agents: Recipient[]): Promise<SealRequest['sealed']> {
  return Promise.all(
    agents.map(async ({ agentId, publicKey }) => {
      const place = { tenant: 'default', name, version, agentId };
      const sealed = await sealTo(publicKey, place, { value: `value ${version}`, rules: {} });
      return { agentId, publicKey, sealed };
    }),
  );
}
const seal = async (name: string, version: number, agents: Recipient[], more: Partial<SealRequest> = {}) =>
  client.call(api.secrets.seal, {
    params: { name },
    body: { version, sealed: await sealedTo(name, version, ...agents), ...more },
  });
const set = (name: string, body: SecretRequest) => client.call(api.secrets.set, { params: { name }, body });
const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => 'OK',
    (error: unknown) => (error as ApiError).problem.code,
  );
const given = (name: string, agentId: string) =>
  createSecrets({
    ...{ db: plane.database.db, clock: new ManualClock(), home: plane.home, master: { from: 'file' } },
  }).delivery.secretsFor(
    { tenant: 'default', jobId: crypto.randomUUID(), attempt: 1, agentId, requestedBy: 'account:ann' },
    [name],
  );
const labels = async () =>
  Object.fromEntries((await plane.database.db.query(labelsOf())).map((row) => [row.name, row.labels]));

test('each agent is given what was sealed to it, and nobody else anything', async () => {
  const stored = await seal('portal', 1, [one, two], { allowedSteps: ['http'], rotateAfterDays: 90 });
  expect(stored).toMatchObject({ mode: 'sealed', version: 1, allowedSteps: ['http'], rotationDue: false });
  for (const { agentId, privateKey } of [one, two]) {
    const found = await given('portal', agentId);
    expect(found).toMatchObject({ values: {}, rules: {} });
    const { version, sealed } = found.sealed!['portal']!;
    const opened = await openSealed(privateKey, { tenant: 'default', name: 'portal', version, agentId }, sealed);
    expect(opened).toEqual({ value: 'value 1', rules: {} });
  }
  await expect(given('portal', old)).rejects.toMatchObject({ code: 'SECRET_NOT_SEALED' });
  expect((await plane.database.db.query(auditOf('secret.used')))[0]).toMatchObject({ detail: { version: 1 } });
  expect((await plane.database.db.query(auditOf('secret.sealed')))[0]).toMatchObject({
    detail: { version: 1, agents: { [one.agentId]: expect.stringMatching(/^sha256:/) as string } },
  });
  const versions = await client.call(api.secrets.versions, { params: { name: 'portal' } });
  expect(versions.items).toMatchObject([{ version: 1, masterKey: null }]);
});

test('agents are known by what is sealed to them: for another version, another key, or none', async () => {
  await seal('known', 1, [one, two]);
  expect(await labels()).toMatchObject({ one: ['secret=portal', 'secret=known'], two: expect.anything() as unknown });
  await seal('known', 2, [two]);
  expect((await labels())['one']).not.toContain('secret=known');
  await expect(given('known', one.agentId)).rejects.toMatchObject({ code: 'SECRET_NOT_SEALED' });
  const changed = await generateSealingKey();
  await plane.database.db.execute(setKey(two.agentId, changed.publicKey));
  await expect(given('known', two.agentId)).rejects.toMatchObject({ code: 'SECRET_NOT_SEALED' });
  const recipients = await client.call(api.secrets.recipients, { params: { name: 'known' } });
  expect(recipients.items).toMatchObject([{ agent: 'two', opens: false }]);
  await plane.database.db.execute(setKey(two.agentId, two.publicKey));
  await client.call(api.secrets.delete, { params: { name: 'known' } });
  expect(JSON.stringify(await labels())).not.toContain('secret=known');
});

test('what was sealed to another key, to nobody, for another version, or beside a value is refused', async () => {
  const stranger = { ...two, publicKey: one.publicKey };
  expect(await codeOf(seal('refused', 1, [stranger]))).toBe('SEALING_KEY_CHANGED');
  expect(await codeOf(seal('refused', 1, [{ ...one, agentId: old }]))).toBe('SEALING_KEY_CHANGED');
  expect(await codeOf(seal('refused', 1, [{ ...one, agentId: crypto.randomUUID() }]))).toBe('AGENT_UNKNOWN');
  expect(await codeOf(seal('refused', 1, [one, one]))).toBe('REQUEST_INVALID');
  expect(await codeOf(seal('refused', 2, [one]))).toBe('SECRET_VERSION_TAKEN');
  expect(await codeOf(seal('refused', 1, [one]))).toBe('OK');
  expect(await codeOf(seal('refused', 1, [one]))).toBe('SECRET_VERSION_TAKEN');
  await set('plain', { value: 'in clear' });
  expect(await codeOf(seal('plain', 2, [one]))).toBe('SECRET_MODE_FIXED');
  expect(await codeOf(set('refused', { value: 'in clear' }))).toBe('SECRET_IS_SEALED');
});

test('what is said of it changes alone, but not its rules, which are inside', async () => {
  await seal('said', 1, [one], { allowedOrigins: ['https://a.example'] });
  expect(await set('said', { description: 'new words' })).toMatchObject({ description: 'new words', version: 1 });
  expect(await codeOf(set('said', { allowedOrigins: [] }))).toBe('SECRET_VALUE_NEEDED');
  expect(await codeOf(set('said', { allowedOrigins: null }))).toBe('SECRET_VALUE_NEEDED');
});

test('keys are listed by agent, without any for one of before; old versions go with what was sealed', async () => {
  const { items } = await client.call(api.secrets.sealingKeys, { query: { agent: 'one' } });
  expect(items).toMatchObject([{ agentId: one.agentId, tenant: 'default', publicKey: one.publicKey }]);
  const all = await client.call(api.secrets.sealingKeys, { query: { limit: 2 } });
  expect(all).toMatchObject({ items: { length: 2 }, nextCursor: expect.any(String) as string });
  const [none] = (await client.call(api.secrets.sealingKeys, { query: { agent: old } })).items;
  expect(none).toMatchObject({ publicKey: null, fingerprint: null });
  for (let version = 1; version <= VERSIONS + 2; version += 1) await seal('many', version, [one]);
  const kept = await plane.database.db.query(rowsOf());
  expect([kept.length, kept[0]]).toEqual([VERSIONS, { version: 3 }]);
});
