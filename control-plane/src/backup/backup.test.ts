/** Backups on a real PostgreSQL: what comes back is what was there, of one moment; what was changed on the way does not. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrationsFolder } from '../migrations.ts';
import type { Database } from '../platform/database/index.ts';
import { testDatabase, type TestDatabase } from '../platform/database/testing.ts';
import { Archive } from './archive.ts';
import { expectUsable, loadArtifacts, loadBackup, openBackup, takeBackup } from './index.ts';

const PASSPHRASE = 'a passphrase for tests';
const ARTIFACT = '0190a000-0000-7000-8000-000000000001';
const JOB = '0190a000-0000-7000-8000-0000000000aa';
const quiet = (): void => undefined;

let database: TestDatabase;
let folder: string;
let number = 0;
beforeAll(async () => {
  database = await testDatabase();
  folder = await mkdtemp(path.join(os.tmpdir(), 'casare-backup-'));
  await mkdir(home());
  await writeFile(path.join(home(), 'master.key'), randomBytes(32), { mode: 0o600 });
  await writeFile(path.join(home(), 'admin.json'), '{"apiKey":"csk_canary"}', { mode: 0o600 });
  await write(`INSERT INTO tenant (id, name) VALUES ('acme', 'Acme, \\ and "others"\t\u00fc')`);
  await write(`INSERT INTO route (tenant_id, slot, capabilities, key)
    SELECT 'acme', 'plain', ARRAY['a', NULL, '{"x"}', E'b\\n'], n::text FROM generate_series(1, 300) n`);
  await write(
    `SELECT history_make_day('20240710', '${JOB.slice(0, 8)}-0000-7000-8000-000000000000', '0190b000-0000-7000-8000-000000000000')`,
  );
  await write(`INSERT INTO workflow_version (tenant_id, id, namespace, name, version, source, document, digest, analysis)
    SELECT 'acme', '${JOB}', 'n', 'w', '1.0.0', (SELECT string_agg(md5(n::text), '') FROM generate_series(1, 10000) n), '{"a":[1,null,"\\u00fc"]}', repeat('a', 64), '{}'`);
  await write(
    `INSERT INTO audit_event (tenant_id, actor, action, subject) VALUES ('acme', 'system', 'a.linked', 's'), ('acme', 'system', 'b.open', 's')`,
  );
  await write(
    `INSERT INTO audit_link SELECT 'acme', 1, seq, repeat('x', 32)::bytea FROM audit_event WHERE action = 'a.linked'`,
  );
  await write(
    `INSERT INTO audit_head SELECT 'acme', 1, repeat('x', 32)::bytea, xid, seq FROM audit_event WHERE action = 'a.linked'`,
  );
  await write(`INSERT INTO artifact (tenant_id, id, job_id, attempt, name, kind, media_type, bytes, sha256)
    VALUES ('acme', '${ARTIFACT}', '${JOB}', 1, 'f', 'output', 'text/plain', 5, 'ff'), ('acme', '${JOB}', '${JOB}', 1, 'gone', 'output', 'text/plain', 5, 'ff')`);
  await mkdir(path.join(folder, 'artifacts'));
  await writeFile(artifactPath('acme', ARTIFACT), 'bytes');
});
afterAll(async () => {
  await database.close();
  await rm(folder, { recursive: true, force: true });
});

const home = (): string => path.join(folder, 'home');
const artifactPath = (_: string, id: string): string => path.join(folder, 'artifacts', id);
/** A statement of a fixture: each text has a name of its own. */
const stating = (text: string) => ({
  name: `test${createHash('sha1').update(text).digest('hex')}`,
  text,
  values: [],
  idempotent: false,
});
const write = (text: string) => database.owner.execute(stating(text));

async function taken(onProgress: (step: string) => void = quiet) {
  number += 1;
  const files = { archive: path.join(folder, `${number}.backup`), keys: path.join(folder, `${number}.keys`) };
  const made = await takeBackup({
    ...{ ...files, home: home(), owner: database.owner, systemUrl: database.env.CASARE_DATABASE_SYSTEM_URL },
    ...{ passphrase: PASSPHRASE, artifactPath, needed: ['master.key'], settings: { CASARE_PORT: '1' }, elsewhere: [] },
    ...{ now: () => new Date(), onProgress },
  });
  return { ...files, made };
}

const opened = ({ archive, keys }: { archive: string; keys: string }) => openBackup(archive, keys, PASSPHRASE);

/** Every row of every table as text, but what is said to be left out. */
async function content(db: Database): Promise<Record<string, string[]>> {
  const ask = <Row>(text: string) => db.query<Row>(stating(text));
  const tables = await ask<{ name: string }>(`SELECT relname::text AS name FROM pg_class
    WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace
      AND relname NOT IN ('schema_migration', 'live_event', 'gateway') ORDER BY 1`);
  const found: Record<string, string[]> = {};
  for (const { name } of tables) {
    const without = `'{xid,changed_xid,live_forgotten}'::text[]`;
    const rows = await ask<{ row: string }>(
      `SELECT (to_jsonb(t) - ${without})::text AS row FROM "${name}" t ORDER BY 1`,
    );
    found[name] = rows.map(({ row }) => row);
  }
  return found;
}

async function restored(work: (url: string, db: Database) => Promise<void>): Promise<void> {
  const empty = await testDatabase({ migrations: 'none' });
  try {
    await work(empty.url, empty.db);
  } finally {
    await empty.close();
  }
}

describe('what comes back', () => {
  it('is every row of every table, and the files', async () => {
    const backup = await opened(await taken());
    await expectUsable(backup, migrationsFolder);
    await backup.archive.verify();
    await restored(async (url, db) => {
      await loadBackup(backup, { url, migrations: migrationsFolder, replace: false, onProgress: quiet });
      expect(await content(db)).toEqual(await content(database.owner));
      const ask = <Row>(text: string) => db.query<Row>(stating(text));
      // Numbers go on, days have their partitions, and what is not linked yet comes after whatever is, and before all new.
      expect(
        await ask(
          `INSERT INTO route (tenant_id, slot, capabilities, key) VALUES ('acme', 'plain', '{}', 'new') RETURNING id`,
        ),
      ).toEqual([{ id: 301 }]);
      expect(await ask(`SELECT count(*)::int AS n FROM pg_class WHERE relname = 'job_20240710'`)).toEqual([{ n: 1 }]);
      expect(
        await ask(`SELECT action, (e.xid, e.seq) > (h.xid, h.seq) AS open, e.xid < pg_snapshot_xmin(pg_current_snapshot()) AS past
          FROM audit_event e JOIN audit_head h USING (tenant_id) ORDER BY action`),
      ).toEqual([
        { action: 'a.linked', open: false, past: true },
        { action: 'b.open', open: true, past: true },
      ]);
      expect(await ask(`SELECT count(*)::int AS n FROM pg_class WHERE relforcerowsecurity`)).toEqual(
        await database.owner.query(stating(`SELECT count(*)::int AS n FROM pg_class WHERE relforcerowsecurity`)),
      );
    });
    const into = (_: string, id: string): string => path.join(folder, 'back', id);
    expect(await loadArtifacts(backup, into, quiet)).toBe(1);
    expect(await readFile(into('acme', ARTIFACT), 'utf8')).toBe('bytes');
    expect(backup.manifest.artifacts).toMatchObject({ count: 1, missing: 1, damaged: [`acme/${ARTIFACT}`] });
    expect(backup.keys.files.get('admin.json')?.toString()).toContain('canary');
    await backup.close();
  });

  it('is one moment: what is written while a backup is made is not in it', async () => {
    const late: Promise<unknown>[] = [];
    const backup = await opened(
      await taken((step) => {
        if (step === 'copying account') late.push(write(`INSERT INTO tenant (id, name) VALUES ('late', 'late')`));
      }),
    );
    await Promise.all(late);
    expect(late).toHaveLength(1);
    await restored(async (url, db) => {
      await loadBackup(backup, { url, migrations: migrationsFolder, replace: false, onProgress: quiet });
      expect((await content(db)).tenant!.join()).not.toContain('late');
    });
    await backup.close();
  });
});

describe('what is refused', () => {
  it('touches nothing: a database that is not empty, unless it may go; and then all at once', async () => {
    const backup = await opened(await taken());
    await restored(async (url, db) => {
      await db.execute(stating('CREATE TABLE precious (x int)'));
      const load = (replace: boolean, onProgress: (step: string) => void = quiet) =>
        loadBackup(backup, { url, migrations: migrationsFolder, replace, onProgress });
      await expect(load(false)).rejects.toMatchObject({ code: 'TARGET_NOT_EMPTY' });
      const tables = () =>
        db.query<{ n: number }>(stating(`SELECT count(*)::int AS n FROM pg_class WHERE relname = 'precious'`));
      const dies = (step: string): void => {
        if (step === 'loading tenant') throw new Error('the disk is full');
      };
      await expect(load(true, dies)).rejects.toThrow('the disk is full');
      expect(await tables()).toEqual([{ n: 1 }]);
      await load(true);
      expect(await tables()).toEqual([{ n: 0 }]);
    });
    await backup.close();
  });

  it('a record that is newer than the code, or has other migrations', async () => {
    const backup = await opened(await taken());
    const { migrations } = backup.manifest;
    const newer = {
      ...backup,
      manifest: {
        ...backup.manifest,
        migrations: [...migrations, { number: migrations.length + 1, name: 'later', sha256: 'a'.repeat(64) }],
      },
    };
    await expect(expectUsable(newer, migrationsFolder)).rejects.toMatchObject({ code: 'DATABASE_NEWER' });
    const other = {
      ...backup,
      manifest: {
        ...backup.manifest,
        migrations: migrations.map((one, n) => (n === 3 ? { ...one, sha256: 'a'.repeat(64) } : one)),
      },
    };
    await expect(expectUsable(other, migrationsFolder)).rejects.toMatchObject({ code: 'MIGRATION_CHANGED' });
    await backup.close();
  });

  it('files that exist, short passphrases, a home without keys', async () => {
    const before = await taken();
    number -= 1;
    await expect(taken()).rejects.toMatchObject({ code: 'FILE_EXISTS' });
    number += 1;
    const request = {
      ...{
        archive: path.join(folder, 'n'),
        keys: path.join(folder, 'n.keys'),
        owner: database.owner,
        systemUrl: database.url,
      },
      ...{
        artifactPath: null,
        settings: {},
        elsewhere: [],
        now: () => new Date(),
        onProgress: quiet,
        needed: ['master.key'] as const,
      },
    };
    await expect(takeBackup({ ...request, home: home(), passphrase: 'short' })).rejects.toMatchObject({
      code: 'PASSPHRASE_REFUSED',
    });
    await expect(takeBackup({ ...request, home: folder, passphrase: PASSPHRASE })).rejects.toMatchObject({
      code: 'BACKUP_KEYS_MISSING',
    });
    await expect(openBackup(before.archive, before.keys, 'another passphrase')).rejects.toMatchObject({
      code: 'PASSPHRASE_WRONG',
    });
    const other = await taken();
    await expect(openBackup(before.archive, other.keys, PASSPHRASE)).rejects.toMatchObject({
      code: 'BACKUP_KEYS_OTHER',
    });
  });

  it('an archive that was changed, cut or continued anywhere, and neither file tells anything alone', async () => {
    const backup = await taken();
    const bytes = await readFile(backup.archive);
    const whole = await opened(backup);
    const { archiveKey } = whole.keys;
    await whole.close();
    const [archiveText, keysText] = [bytes.toString('latin1'), await readFile(backup.keys, 'utf8')];
    for (const canary of ['csk_canary', 'Acme', 'tables/', ARTIFACT]) {
      expect(archiveText).not.toContain(canary);
      expect(keysText).not.toContain(canary);
    }
    const broken = async (changed: Buffer): Promise<string> => {
      const file = path.join(folder, 'changed');
      await writeFile(file, changed);
      try {
        const open = await Archive.open(file, archiveKey);
        await open.verify().finally(() => open.close());
        return 'whole';
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    expect(await broken(bytes)).toBe('whole');
    const flipped = (place: number): Buffer => {
      const copy = Buffer.from(bytes);
      copy[place]! ^= 1;
      return copy;
    };
    for (const place of [0, 30, 5_000, 70_000, bytes.length - 1])
      expect(await broken(flipped(place))).toBe('BACKUP_BROKEN');
    const piece = 65_536 + 16;
    expect(bytes.length).toBeGreaterThan(24 + 2 * piece);
    for (const changed of [
      bytes.subarray(0, -1),
      bytes.subarray(0, 24 + piece),
      Buffer.concat([bytes, bytes.subarray(24, 24 + piece)]),
      Buffer.concat([
        bytes.subarray(0, 24),
        bytes.subarray(24 + piece, 24 + 2 * piece),
        bytes.subarray(24, 24 + piece),
        bytes.subarray(24 + 2 * piece),
      ]),
      bytes.subarray(0, 10),
    ]) {
      expect(await broken(changed)).toBe('BACKUP_BROKEN');
    }
  });
});
