import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrate } from './migrate.ts';
import { openDatabase } from './pool.ts';
import { testDatabase, type TestDatabase } from './testing.ts';

let database: TestDatabase;
let directory: string;

beforeEach(async () => {
  database = await testDatabase({ migrations: 'none' });
  directory = await mkdtemp(join(tmpdir(), 'casare-migrations-'));
  await put('0001_first.sql', 'create table one (id int);\ninsert into one values (1);\n');
});
afterEach(async () => {
  await database.close();
  await rm(directory, { recursive: true });
});

const put = (name: string, text: string) => writeFile(join(directory, name), text);
const run = (text: string) => database.db.query({ name: 'testMigrated', text, values: [] });

describe('migrate', () => {
  it('applies what is missing, in order, and reports each', async () => {
    expect(await migrate(database.db, { directory })).toEqual({ applied: [1], version: 1 });
    await put('0002_second.sql', 'alter table one add name text;');
    await put('0003_third.sql', `update one set name = 'x';`);
    const seen: string[] = [];
    const onProgress = (migration: { name: string }, index: number, total: number) =>
      seen.push(`${migration.name} ${index + 1}/${total}`);
    expect(await migrate(database.db, { directory, onProgress })).toEqual({ applied: [2, 3], version: 3 });
    expect(seen).toEqual(['second 2/3', 'third 3/3']);
    expect(await migrate(database.db, { directory })).toEqual({ applied: [], version: 3 });
    expect(await run('select * from one')).toEqual([{ id: 1, name: 'x' }]);
  });

  it('applies each once when several processes migrate together', async () => {
    const others = [openDatabase(database.url), openDatabase(database.url), openDatabase(database.url)];
    const results = await Promise.all(others.map((db) => migrate(db, { directory })));
    expect(results.flatMap((result) => result.applied)).toEqual([1]);
    expect(await run('select * from one')).toEqual([{ id: 1 }]);
    for (const db of others) await db.close();
  });

  it('when one fails none is applied, its line is named, and the code from before still works', async () => {
    await migrate(database.db, { directory });
    await put('0002_good.sql', 'alter table one add name text;');
    await put('0003_bad.sql', 'create table two (id int);\n\nselect nonsense;\n');
    await expect(migrate(database.db, { directory })).rejects.toMatchObject({
      code: 'MIGRATION_FAILED',
      why: expect.stringMatching(/^line 3: .*nonsense/) as string,
    });
    expect(await run(`select one.*, to_regclass('two') as two from one`)).toEqual([{ id: 1, two: null }]);
    for (const file of ['0002_good.sql', '0003_bad.sql']) await rm(join(directory, file));
    expect(await migrate(database.db, { directory })).toEqual({ applied: [], version: 1 });
  });

  it('refuses changed history, but not other line ends', async () => {
    await migrate(database.db, { directory });
    await put('0001_first.sql', 'create table one (id int);\r\ninsert into one values (1);\r\n');
    await expect(migrate(database.db, { directory })).resolves.toMatchObject({ applied: [] });
    await put('0001_first.sql', 'create table one (id bigint);');
    await expect(migrate(database.db, { directory })).rejects.toMatchObject({ code: 'MIGRATION_CHANGED' });
  });

  it('does not touch a database that is newer than the code', async () => {
    await put('0002_second.sql', 'create table two (id int);');
    await migrate(database.db, { directory });
    await rm(join(directory, '0002_second.sql'));
    await expect(migrate(database.db, { directory })).rejects.toMatchObject({ code: 'DATABASE_NEWER' });
  });

  it('refuses a gap in the numbers', async () => {
    await put('0003_third.sql', 'select 1;');
    await expect(migrate(database.db, { directory })).rejects.toMatchObject({ code: 'MIGRATION_FILES' });
  });
});
