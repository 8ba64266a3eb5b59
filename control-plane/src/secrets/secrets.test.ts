/** Secrets over HTTP, at rest and on their way to an attempt; who may do what is in the table of permissions. */
import { api, type SecretRequest } from '@casare/shared/api';
import { ApiError, type Client } from '@casare/shared/client';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestControlPlane, type TestControlPlane } from '../testing.ts';
import { ManualClock } from '../platform/clock.ts';
import { sql } from '../platform/database/index.ts';
import { writePrivateFile } from '../platform/home.ts';
import { createSecrets } from './secrets.module.ts';
import { SECRETS, VERSIONS } from './secrets.service.ts';

const CANARY = 'canary-4711-of-the-store';
const agentId = crypto.randomUUID();
const use = (tenant = 'default') => ({
  tenant,
  jobId: crypto.randomUUID(),
  attempt: 2,
  agentId,
  requestedBy: 'account:ann',
});
const rowsOf = sql<{ text: string }, [table: string]>(
  'testWholeTable',
  `SELECT (xpath('/row/text/text()', row))[1]::text AS text FROM (SELECT 1) one, LATERAL (SELECT unnest(xpath('//row',
     query_to_xml('SELECT t::text AS text FROM ' || $1 || ' t', false, false, ''))) AS row) rows`,
);
const tables = sql<{ name: string }>(
  'testTables',
  `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`,
);
const moveRow = sql<never>(
  'testMoveSecret',
  `UPDATE secret_version t SET sealed_value = s.sealed_value, wrapped_key = s.wrapped_key
   FROM secret_version s WHERE t.name = 'moved' AND s.name = 'portal' AND s.version = 2`,
);
const auditOf = sql<{ actor: string; subject: string; detail: unknown }, [action: string]>(
  'testSecretAudit',
  `SELECT actor, subject, detail FROM audit_event WHERE action = $1 ORDER BY seq`,
);
const fill = sql<never, [count: number]>(
  'testFillSecrets',
  `INSERT INTO secret (tenant_id, name, id, description, current_version, created_at, created_by, version_at)
   SELECT 'full', 's' || n, gen_random_uuid(), '', 1, now(), 'test', now() FROM generate_series(1, $1) n`,
);

let plane: TestControlPlane;
let client: Client;
beforeAll(async () => {
  plane = await startTestControlPlane();
  ({ client } = plane);
});
afterAll(() => plane.close());

const set = (name: string, body: SecretRequest, by = client) => by.call(api.secrets.set, { params: { name }, body });
const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => 'OK',
    (error: unknown) => (error as ApiError).problem.code,
  );
/** The feature over the same database and home, by a clock of its own. */
const feature = (clock = new ManualClock()) =>
  createSecrets({ db: plane.database.db, clock, home: plane.home, master: { from: 'file' } });
const values = (names: string[], tenant?: string) => feature().delivery.secretsFor(use(tenant), names);
async function everything(): Promise<string> {
  const names = await plane.database.db.query(tables());
  const texts = await Promise.all(names.map(({ name }) => plane.database.db.query(rowsOf(name))));
  return texts
    .flat()
    .map(({ text }) => text)
    .join('\n');
}

describe('a secret', () => {
  test('is stored, described, given to attempts with its rules, and never shown', async () => {
    const first = await set('portal', {
      value: { username: 'ann', password: 'older' },
      description: 'the supplier',
      allowedSteps: ['browser.fill', 'browser.fill'],
      allowedOrigins: ['https://Portal.example.com/'],
      rotateAfterDays: 90,
    });
    expect(first).toMatchObject({ name: 'portal', version: 1, allowedOrigins: ['https://portal.example.com'] });
    const second = await set('portal', { value: { username: 'ann', password: CANARY } });
    expect(second).toMatchObject({
      version: 2,
      description: 'the supplier',
      allowedSteps: ['browser.fill'],
      lastUsedAt: null,
    });

    expect(await values(['portal'])).toEqual({
      missing: [],
      values: { portal: { username: 'ann', password: CANARY } },
      rules: { portal: { steps: ['browser.fill'], origins: ['https://portal.example.com'] } },
    });
    const shown = [
      await client.call(api.secrets.get, { params: { name: 'portal' } }),
      await client.call(api.secrets.list),
      await client.call(api.secrets.versions, { params: { name: 'portal' } }),
    ];
    expect(JSON.stringify(shown)).not.toMatch(/canary|older|"value"/);
    expect(shown[0]).toMatchObject({ lastUsedAt: expect.any(String) as string });
    expect(shown[2]).toMatchObject({ items: [{ version: 2 }, { version: 1 }], nextCursor: null });
  });

  test('stands in no row of the database in clear, in no form', async () => {
    const dump = await everything();
    expect(dump).toContain('supplier');
    for (const form of [
      CANARY,
      Buffer.from(CANARY).toString('hex'),
      Buffer.from(CANARY).toString('base64').slice(0, -2),
    ]) {
      expect(dump).not.toContain(form);
    }
  });

  test('is on record for each use: which version, which job, which agent, who wanted it', async () => {
    const mine = use();
    await feature().delivery.secretsFor(mine, ['portal']);
    expect((await plane.database.db.query(auditOf('secret.used'))).at(-1)).toEqual({
      actor: `agent:${agentId}`,
      subject: 'secret:portal',
      detail: { job: mine.jobId, attempt: 2, version: 2, requestedBy: 'account:ann' },
    });
    const stored = await plane.database.db.query(auditOf('secret.stored'));
    expect(stored.at(-1)).toMatchObject({ subject: 'secret:portal', detail: { version: 2 } });
    expect(JSON.stringify(stored)).not.toContain('canary');
  });

  test('opens in no other place than its own', async () => {
    await set('moved', { value: 'what was there' });
    await plane.database.db.execute(moveRow());
    await expect(values(['moved'])).rejects.toMatchObject({ code: 'SECRET_UNREADABLE' });
    expect(await values(['portal'])).toMatchObject({ missing: [] });
    await client.call(api.secrets.delete, { params: { name: 'moved' } });
  });

  test('belongs to its tenant', async () => {
    const { createClient } = await import('@casare/shared/client');
    const other = createClient({ url: plane.url, apiKey: await plane.keyOf('admin', 'other') });
    expect(await codeOf(other.call(api.secrets.get, { params: { name: 'portal' } }))).toBe('SECRET_NOT_FOUND');
    expect(await codeOf(other.call(api.secrets.delete, { params: { name: 'portal' } }))).toBe('SECRET_NOT_FOUND');
    expect((await other.call(api.secrets.list)).items).toEqual([]);
    expect(await values(['portal'], 'other')).toEqual({ values: {}, rules: {}, missing: ['portal'] });
    await set('portal', { value: 'of the other' }, other);
    expect(await values(['portal'], 'other')).toMatchObject({ values: { portal: 'of the other' } });
  });

  test('may be used for more only by who gives its value', async () => {
    await set('ruled', {
      value: 'abcd',
      allowedOrigins: ['https://a.example', 'https://*.b.example'],
      allowedSteps: ['http'],
    });
    const wider = [
      { allowedOrigins: null },
      { allowedSteps: ['http', 'mail.send'] },
      { allowedOrigins: ['https://evil.example'] },
    ];
    for (const body of wider) expect(await codeOf(set('ruled', body))).toBe('SECRET_VALUE_NEEDED');
    expect(await set('ruled', { allowedOrigins: ['https://x.b.example'], description: 'less' })).toMatchObject({
      version: 1,
    });
    expect(await set('ruled', { value: 'efgh', allowedOrigins: null })).toMatchObject({
      version: 2,
      allowedOrigins: null,
      allowedSteps: ['http'],
    });
  });

  test('keeps some versions, and gives out the newest', async () => {
    for (let n = 1; n <= VERSIONS + 2; n += 1) await set('often', { value: `value ${n}` });
    const { items, nextCursor } = await client.call(api.secrets.versions, {
      params: { name: 'often' },
      query: { limit: 5 },
    });
    expect(items.map(({ version }) => version)).toEqual([22, 21, 20, 19, 18]);
    const rest = await client.call(api.secrets.versions, {
      params: { name: 'often' },
      query: { cursor: nextCursor!, limit: 100 },
    });
    expect(rest.items.at(-1)?.version).toBe(3);
    const drop = (version: number) => client.call(api.secrets.deleteVersion, { params: { name: 'often', version } });
    expect([await codeOf(drop(22)), await codeOf(drop(21)), await codeOf(drop(21))]).toEqual([
      'SECRET_VERSION_IN_USE',
      'OK',
      'SECRET_NOT_FOUND',
    ]);
    expect(await values(['often'])).toMatchObject({ values: { often: 'value 22' } });
  });

  test('written by two at once gets two versions', async () => {
    await set('raced', { value: 'first' });
    await Promise.all([1, 2, 3, 4].map((n) => set('raced', { value: `racer ${n}` })));
    expect(await client.call(api.secrets.get, { params: { name: 'raced' } })).toMatchObject({ version: 5 });
    expect(await values(['raced'])).toMatchObject({ missing: [] });
  });

  test('is due when it has not been replaced in time', async () => {
    const clock = new ManualClock();
    const { management } = feature(clock);
    const by = { tenant: 'default', actor: 'account:test' };
    await management.set(by, 'aging', { value: 'abcd', rotateAfterDays: 1 });
    clock.advance(86_399_999);
    expect(await management.get(by, 'aging')).toMatchObject({ rotationDue: false });
    clock.advance(1);
    expect(await management.get(by, 'aging')).toMatchObject({ rotationDue: true });
    await management.set(by, 'aging', { value: 'efgh' });
    expect(await management.get(by, 'aging')).toMatchObject({ rotationDue: false });
  });

  test('that is refused is not quoted', async () => {
    for (const body of [
      { value: [CANARY] },
      { value: { 'a b': CANARY } },
      { value: CANARY, description: 'a\u0007' },
      { value: CANARY, [CANARY]: 1 },
    ]) {
      const refused = set('quoted', body as never);
      await expect(refused).rejects.toMatchObject({ problem: { code: 'REQUEST_INVALID' } });
      const told = await refused.catch((error: unknown) => JSON.stringify((error as ApiError).problem));
      if (!Object.hasOwn(body, CANARY)) expect(told).not.toContain(CANARY);
    }
  });

  test('is one too many at some number', async () => {
    const { createClient } = await import('@casare/shared/client');
    const full = createClient({ url: plane.url, apiKey: await plane.keyOf('admin', 'full') });
    await plane.database.db.execute(fill(SECRETS));
    expect(await codeOf(set('more', { value: 'abcd' }, full))).toBe('SECRETS_FULL');
    const { items, nextCursor } = await full.call(api.secrets.list, { query: { limit: 2 } });
    expect(items.map(({ name }) => name)).toEqual(['s1', 's10']);
    expect((await full.call(api.secrets.list, { query: { limit: 1, cursor: nextCursor! } })).items[0]?.name).toBe(
      's100',
    );
  });
});

describe('secrets.yaml', () => {
  test('is read for the tenant of the first start alone, behind the store', async () => {
    await writePrivateFile(path.join(plane.home, 'secrets.yaml'), 'portal: not this one\nfromFile: in the file\n');
    expect(await values(['portal', 'fromFile'])).toMatchObject({
      values: { portal: { username: 'ann' }, fromFile: 'in the file' },
      rules: { portal: expect.anything() as object },
    });
    expect(await values(['fromFile'], 'other')).toEqual({ values: {}, rules: {}, missing: ['fromFile'] });
    expect((await plane.database.db.query(auditOf('secret.used'))).at(-1)?.detail).toMatchObject({
      version: 'secrets.yaml',
    });
  });
});

describe('the master key', () => {
  test('is private, and without it nothing opens', async () => {
    const file = path.join(plane.home, 'secrets-master.key');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const elsewhere = await mkdtemp(path.join(tmpdir(), 'casare-secrets-'));
    try {
      const base = { db: plane.database.db, clock: new ManualClock(), home: elsewhere };
      const foreign = createSecrets({ ...base, master: { from: 'file' } });
      await foreign.start();
      await expect(foreign.delivery.secretsFor(use(), ['portal'])).rejects.toMatchObject({
        code: 'SECRETS_MASTER_MISSING',
      });
      const stored = foreign.management.set({ tenant: 'default', actor: 'account:test' }, 'lost', { value: 'abcd' });
      await expect(stored).rejects.toMatchObject({ code: 'SECRETS_MASTER_MISSING' });
      await writePrivateFile(path.join(elsewhere, 'secrets-master.key'), await readFile(file));
      expect(
        await createSecrets({ ...base, master: { from: 'file' } }).delivery.secretsFor(use(), ['portal']),
      ).toMatchObject({ missing: [] });
    } finally {
      await rm(elsewhere, { recursive: true, force: true });
    }
  });
});
