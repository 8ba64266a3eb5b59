/**
 * Exporting and deleting a tenant on a whole control plane, while its agent is connected and works: the archive holds
 * everything but credentials, and afterwards nothing names the tenant, in any table and any folder.
 */
import { api, type Deletion } from '@casare/shared/api';
import { ApiError, createClient, type Client } from '@casare/shared/client';
import { CLOSE } from '@casare/shared/protocol';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { fromBufferPromise } from 'yauzl';
import { connect, dial, enrol, type Scene } from './fleet/testing.ts';
import { sql } from './platform/database/index.ts';
import { LEFT_OUT, listExportedTables, withheldOf } from './tenants/index.ts';
import { startTestControlPlane, type TestControlPlane } from './testing.ts';

const serverRoot = sql<{ pem: string }, []>(
  'testServerRootOf',
  `SELECT certificate_pem AS pem FROM certificate_authority WHERE kind = 'server_root'`,
);
const allTables = sql<{ name: string }, []>(
  'testAllTables',
  `SELECT quote_ident(c.relname) AS name FROM pg_class c
   WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace ORDER BY 1`,
);
const addArtifact = sql<never, [job: string, id: string]>(
  'testAddArtifact',
  `INSERT INTO artifact (tenant_id, job_id, attempt, id, name, kind, media_type, bytes, sha256)
   VALUES ('leaving', $1, 1, $2, 'report.txt', 'output', 'text/plain', 5, '')`,
);
const DOCUMENT = {
  document: { dsl: '1.0.3', namespace: 'test', name: 'plain', version: '1.0.0' },
  do: [{ act: { set: { done: true } } }],
};
const TENANT = 'leaving';

let plane: TestControlPlane;
let scene: Scene;
beforeAll(async () => {
  plane = await startTestControlPlane();
  const [root] = await plane.database.db.query(serverRoot());
  const port = (url: string) => Number(new URL(url).port);
  const ports = { web: port(plane.urls.web), enrol: port(plane.urls.enrol), tunnel: port(plane.urls.tunnel) };
  scene = { ports, trust: { gateway: { presented: { anchors: [root!.pem] } } } } as unknown as Scene;
});
afterAll(() => plane.close());

const params = { tenant: TENANT };
const operator = (): Client => plane.client;
const ask = (confirm: string) => operator().call(api.tenants.delete, { params, query: { confirm } });
const codeOf = async (call: Promise<unknown>): Promise<string> => {
  try {
    await call;
    return 'OK';
  } catch (error) {
    if (error instanceof ApiError) return error.problem.code;
    throw error;
  }
};

async function filesIn(zipped: Buffer): Promise<Map<string, string>> {
  const zip = await fromBufferPromise(zipped);
  const files = new Map<string, string>();
  for await (const entry of zip.eachEntry()) {
    files.set(entry.fileName, (await buffer(await zip.openReadStreamPromise(entry))).toString());
  }
  return files;
}

/** Where a text stands: `table` for each table with a row that has it, and each path below the home. */
async function whereIs(text: string): Promise<string[]> {
  const { owner: db } = plane.database;
  const found: string[] = [];
  for (const { name } of await db.query(allTables())) {
    const query = `SELECT count(*)::int AS n FROM ${name} t WHERE t::text LIKE '%' || $1 || '%'`;
    const [row] = await db.query<{ n: number }>({ name: `find ${name}`.slice(0, 63), text: query, values: [text] });
    if (row!.n > 0) found.push(name);
  }
  const files = await readdir(plane.home, { recursive: true });
  return [...found, ...files.filter((file) => file.includes(text))];
}

test('of every column of every table of tenants it is decided whether it is exported', async () => {
  const tables = await listExportedTables(plane.database.db);
  const told = tables.filter(({ name }) => !LEFT_OUT.has(name));
  expect(told.map(({ name }) => name)).toEqual(expect.arrayContaining(['account', 'job', 'audit_event', 'artifact']));
  const columns = told.flatMap((table) => {
    const withheld = withheldOf(table);
    return table.columns.filter((column) => !withheld.includes(column)).map((column) => `${table.name}.${column}`);
  });
  // What looks like a credential and leaves: each was looked at.
  const suspicious = columns.filter((column) => /hash|key|secret|token|password|sealed|cipher|salt|value/.test(column));
  expect(
    suspicious.filter(
      (column) => !column.startsWith('api_key.') && !column.startsWith('join_token.') && !column.startsWith('secret'),
    ),
  ).toEqual([
    'agent.join_token_id',
    'agent.key_digest',
    'agent.sealing_key',
    'audit_checkpoint.hash',
    'audit_checkpoint.public_key',
    'audit_head.hash',
    'audit_link.hash',
    'certificate_authority.key_id',
    'identity_provider.keys_url',
    'job.concurrency_key',
    'route.key',
    'sealed_secret.tenant_id',
    'sealed_secret.name',
    'sealed_secret.version',
    'sealed_secret.agent_id',
    'sealed_secret.public_key',
  ]);
});

test('a tenant is exported and deleted under a running agent, and nothing of it is left', async () => {
  await operator().call(api.tenants.create, { body: { id: TENANT, name: 'Leaving', owner: 'owner@leaving.example' } });
  const key = await plane.keyOf('owner', TENANT);
  const client = createClient({ url: plane.url, apiKey: key });
  const { accountId } = await client.call(api.auth.me);
  await client.call(api.workflows.push, { body: DOCUMENT });
  const { token } = await client.call(api.joinTokens.create, { body: { autoApprove: true } });
  const agent = await enrol(scene, token);
  const tunnel = await connect(scene, agent);
  const { id: job } = await client.call(api.jobs.submit, { body: { workflow: 'test/plain' } });
  await tunnel.next('job.assign');
  tunnel.send({ type: 'job.accepted', jobId: job, attempt: 1 });
  const started = { seq: 1, at: new Date().toISOString(), body: { type: 'run.started' as const, resumed: false } };
  tunnel.send({ type: 'run.events', jobId: job, attempt: 1, events: [started] });
  await tunnel.next('run.ack');
  const { ids } = await client.call(api.jobs.submitBulk, {
    body: { jobs: Array.from({ length: 30 }, () => ({ workflow: 'test/plain', requires: ['never=here'] })) },
  });
  const file = '0198a7c0-0000-7000-8000-0000000000ab';
  await plane.database.db.execute(addArtifact(job, file));
  const folder = path.join(plane.home, 'artifacts', TENANT, 'ab');
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, file), 'hello');

  expect(await codeOf(ask(TENANT))).toBe('TENANT_WRONG_STATE');
  await operator().call(api.tenants.suspend, { params, body: { reason: 'leaves' } });
  expect(await codeOf(ask('other'))).toBe('DELETION_NOT_CONFIRMED');
  const response = await operator().call(api.tenants.export, { params });
  const archive = await filesIn(Buffer.from(await response.arrayBuffer()));
  const rows = (table: string) =>
    archive
      .get(`tables/${table}.jsonl`)!
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
  expect(JSON.parse(archive.get('manifest.json')!)).toMatchObject({ tenant: { id: TENANT }, consistent: true });
  expect(rows('job')).toHaveLength(31);
  expect(rows('account').every((row) => 'email' in row && !('password_hash' in row))).toBe(true);
  expect(rows('api_key').every((row) => 'role' in row && !('secret_hash' in row))).toBe(true);
  expect(archive.get(`artifacts/${file}`)).toBe('hello');
  expect([archive.has('tables/session.jsonl'), archive.get('missing.json')]).toEqual([false, '[]\n']);

  const asked = await ask(TENANT);
  expect(asked).toMatchObject({ tenant: TENANT, state: 'running', report: null });
  expect([CLOSE.suspended, CLOSE.notAdmitted]).toContain(await tunnel.ended);
  expect(await codeOf(client.call(api.auth.me))).toBe('AUTH_REQUIRED');
  expect(await codeOf(operator().call(api.tenants.resume, { params }))).toBe('TENANT_WRONG_STATE');
  // Its agent is told that it is over, and later that it is nobody's.
  expect([CLOSE.notAdmitted, 403]).toContain(await dial(scene, agent).ended);

  const finished = await vi.waitFor(async (): Promise<Deletion> => {
    const deletion = await operator().call(api.tenants.deletion, { params });
    expect(deletion.state).toBe('finished');
    return deletion;
  }, 25_000);
  const report = finished.report!;
  for (const one of [...report.tables, ...report.folders]) expect(one.left).toBe(0);
  const removed = new Map(report.tables.map((table) => [table.name, table.removed]));
  expect(removed.get('job')).toBe(31);
  expect(removed.get('certificate_authority')).toBe(1);
  expect(report.folders).toEqual([{ name: 'artifacts', removed: 1, left: 0 }]);
  expect(await codeOf(operator().call(api.tenants.get, { params }))).toBe('TENANT_NOT_FOUND');
  // The installation's log says that it was there, and the proof says that it is gone.
  expect(await whereIs(TENANT)).toEqual(['audit_event', 'tenant_deletion']);
  for (const text of [accountId, job, ids[0]!, file]) expect([text, await whereIs(text)]).toEqual([text, []]);
  expect(await whereIs(agent.agentId)).toEqual([]);
  expect(await dial(scene, agent).ended).toBe(403);
});
