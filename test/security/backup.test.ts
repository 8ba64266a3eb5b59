/**
 * Attack 49, what a restore must not give back (the whole drill is `test/e2e/backup.test.ts`). A key was revoked and an agent
 * locked after the backup: the restored record has forgotten both, and what was exported of the audit log has not. A real
 * control plane, and the database that is restored to.
 */
import { api } from '@casare/shared/client';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, vi } from 'vitest';
import { loadBackup, openBackup, takeBackup } from '../../control-plane/src/backup/index.ts';
import { doAgain } from '../../control-plane/src/done-again.ts';
import { migrationsFolder } from '../../control-plane/src/migrations.ts';
import { readConfig } from '../../control-plane/src/platform/config.ts';
import { testDatabase, type TestDatabase } from '../../control-plane/src/platform/database/testing.ts';
import { startTestControlPlane, type TestControlPlane } from '../../control-plane/src/testing.ts';
import { attack } from './attack.ts';

const AGENT = '0190a000-0000-7000-8000-0000000000aa';
const PASSPHRASE = randomBytes(12).toString('hex');
const quiet = (): void => undefined;

let plane: TestControlPlane;
let restored: TestDatabase;
let folder: string;
let exported: string;
let revoked: { id: string; key: string };
beforeAll(async () => {
  plane = await startTestControlPlane();
  folder = await mkdtemp(path.join(os.tmpdir(), 'casare-again-'));
  const { client, database, admin } = plane;
  const agent = `INSERT INTO agent (tenant_id, id, name, state, join_token_id, key_digest) VALUES ($1, '${AGENT}', 'a', 'active', 'n', 'n')`;
  await database.db.execute({ name: 'testAgainAgent', text: agent, values: [admin.tenant], idempotent: false });
  revoked = await client.call(api.apiKeys.create, { body: { name: 'stolen', role: 'viewer' } });
  const [archive, keys] = [path.join(folder, 'a'), path.join(folder, 'k')];
  await takeBackup({
    ...{ home: plane.home, owner: database.owner, systemUrl: database.env.CASARE_DATABASE_SYSTEM_URL },
    ...{ archive, keys, passphrase: PASSPHRASE, artifactPath: null, needed: [], settings: {}, elsewhere: [] },
    ...{ now: () => new Date(), onProgress: quiet },
  });
  await client.call(api.apiKeys.revoke, { params: { id: revoked.id } });
  await client.call(api.locks.create, { body: { kind: 'agent', target: AGENT, reason: 'stolen laptop' } });
  const passing = await client.call(api.locks.create, {
    body: { kind: 'tenant', target: admin.tenant, reason: 'by mistake' },
  });
  await client.call(api.locks.lift, { params: { id: passing.id }, body: {} });
  exported = await vi.waitFor(async () => {
    const text = await (await client.call(api.audit.export, {})).text();
    expect(text).toContain('lock.lifted');
    return text;
  }, 20_000);
  restored = await testDatabase({ migrations: 'none' });
  const backup = await openBackup(archive, keys, PASSPHRASE);
  await loadBackup(backup, { url: restored.url, migrations: migrationsFolder, replace: false, onProgress: quiet });
  await backup.close();
});
afterAll(async () => {
  await plane.close();
  await restored.close();
  await rm(folder, { recursive: true, force: true });
});

const config = () =>
  readConfig({ CASARE_HOME: path.join(folder, 'home'), ...restored.env, CASARE_LOG_LEVEL: 'silent' });
async function standing() {
  const text = `SELECT (SELECT state FROM agent WHERE id = '${AGENT}') AS agent,
    (SELECT revoked_at IS NULL FROM api_key WHERE id = $1) AS "keyOpens",
    (SELECT count(*)::int FROM trust_lock WHERE lifted_at IS NULL) AS locks`;
  return (await restored.owner.query({ name: 'testAgainStanding', text, values: [revoked.id], idempotent: true }))[0];
}
async function fileOf(text: string): Promise<string> {
  const file = path.join(folder, `${randomBytes(4).toString('hex')}.jsonl`);
  await writeFile(file, text);
  return file;
}

attack(
  49,
  'an export whose chain does not lead on from the restored record is not believed, and does nothing',
  [
    {
      file: 'control-plane/src/done-again.ts',
      find: `if (!next.ok || entry.tenant !== tenant) throw notWhole(file, next.ok ? 'it is of several logs' : next.message);
    head = next.value;`,
      replace: 'head = next.ok ? next.value : entry;',
    },
  ],
  async () => {
    const lines = exported.trim().split('\n');
    for (const [text, code] of [
      [lines.map((line) => line.replace('stolen laptop', 'another')).join('\n'), 'AUDIT_BROKEN'],
      [lines.slice(-1).join('\n'), 'AUDIT_BROKEN'],
      [lines.slice(0, 1).join('\n'), 'AUDIT_OTHER'],
      ['', 'AUDIT_OTHER'],
      ['{}', 'AUDIT_BROKEN'],
    ] as const) {
      await expect(doAgain(config(), [await fileOf(text)]), text.slice(0, 40)).rejects.toMatchObject({ code });
    }
    await expect(doAgain(config(), [path.join(folder, 'none')])).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
    expect(await standing()).toEqual({ agent: 'active', keyOpens: true, locks: 0 });
  },
);

attack(
  49,
  'what was taken away after the backup is not to be had back by a restore: done again, once, and audited',
  [
    { file: 'control-plane/src/done-again.ts', find: 'if (head.position > ends.position) tellDone(done, entry);' },
    { file: 'control-plane/src/backup/done-since.decision.ts', find: 'done.keys.add(id);' },
  ],
  async () => {
    const file = await fileOf(exported);
    expect(await doAgain(config(), [file])).toMatchObject({ locks: 1, keys: 1, accounts: 0, refused: [] });
    expect(await standing()).toEqual({ agent: 'locked', keyOpens: false, locks: 1 });
    expect(await doAgain(config(), [file])).toMatchObject({ locks: 0 });
    const text = `SELECT actor, detail->>'reason' AS reason FROM audit_event WHERE action = 'lock.created'`;
    expect(await restored.owner.query({ name: 'testAgainAudit', text, values: [], idempotent: true })).toEqual([
      { actor: expect.stringMatching(/^local:/) as string, reason: 'done again after a restore: stolen laptop' },
    ]);
  },
);
