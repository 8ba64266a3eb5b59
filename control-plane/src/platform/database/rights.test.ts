/**
 * The rights of both roles on every table, column and function, as the catalogue has them, beside a table of what each needs:
 * a right that appears or goes is seen here. And the least of it: what may be changed is changed by a statement of a store.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from './statement.ts';
import { testDatabase, type TestDatabase } from './testing.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

const granted = sql<{ line: string }, []>(
  'testGranted',
  `WITH letters(privilege, letter, n) AS (VALUES ('SELECT', 'r', 1), ('INSERT', 'a', 2), ('UPDATE', 'w', 3), ('DELETE', 'd', 4),
     ('TRUNCATE', 'T', 5), ('REFERENCES', 'R', 6), ('TRIGGER', 't', 7), ('MAINTAIN', 'm', 8), ('USAGE', 'U', 9), ('EXECUTE', 'X', 10)),
   given AS (
     SELECT c.relname || '' AS name, pg_get_userbyid(a.grantee) AS role, a.privilege_type AS privilege, '' AS of FROM pg_class c,
       aclexplode(c.relacl) a WHERE c.relnamespace = 'public'::regnamespace AND NOT c.relispartition
     UNION ALL
     SELECT c.relname || '(' || string_agg(t.attname, ', ' ORDER BY t.attname) || ')', pg_get_userbyid(a.grantee), a.privilege_type, ''
       FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid, aclexplode(t.attacl) a
       WHERE c.relnamespace = 'public'::regnamespace GROUP BY c.relname, a.grantee, a.privilege_type
     UNION ALL
     SELECT p.proname || '()', CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee) END, a.privilege_type, ''
       FROM pg_proc p, aclexplode(p.proacl) a WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef
   )
   SELECT format('%s: %s, %s', name,
     coalesce(string_agg(letter, '' ORDER BY n) FILTER (WHERE role = 'casare_app'), '-'),
     coalesce(string_agg(letter, '' ORDER BY n) FILTER (WHERE role = 'casare_system'), '-')) AS line
   FROM given JOIN letters USING (privilege)
   WHERE role IN ('casare_app', 'casare_system', 'PUBLIC') GROUP BY name ORDER BY name COLLATE "C"`,
);

const FILE = path.resolve(import.meta.dirname, '../../../database-rights.txt');
const SOURCES = path.resolve(import.meta.dirname, '../..');

const lines = async (): Promise<string[]> => (await database.db.query(granted())).map(({ line }) => line);

test('are those of the committed table, each with the least that it needs', async () => {
  const said = readFileSync(FILE, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  expect(await lines()).toEqual(said);
});

test('to change rows are of tables that some statement of a store changes so', async () => {
  const text = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !/test|fixture/.test(file))
    .map((file) => readFileSync(path.join(SOURCES, file), 'utf8'))
    .join('\n');
  const verbs = { a: 'INSERT INTO', w: 'UPDATE', d: 'DELETE FROM' } as const;
  const unused: string[] = [];
  for (const line of await lines()) {
    const [, table, app, system] = /^(\w+): (\S+), (\S+)$/.exec(line) ?? [];
    if (table === undefined || /_default$/.test(table)) continue;
    for (const [letter, verb] of Object.entries(verbs)) {
      // Rows of all tables go with their tenant.
      const may = letter === 'd' ? app!.includes(letter) : `${app}${system}`.includes(letter);
      // A lock needs the right to change, an insert that meets a row changes it.
      const ways = [
        `${verb} ${table}\\b`,
        ...(letter === 'w'
          ? [
              `INSERT INTO ${table}\\b[^\`]*DO UPDATE`,
              `(?:FROM|JOIN) ${table}\\b[^\`]*FOR (?:NO KEY |KEY )?(?:UPDATE|SHARE)`,
            ]
          : []),
      ];
      if (may && !ways.some((way) => new RegExp(way).test(text))) unused.push(`${verb} ${table}`);
    }
  }
  expect(unused).toEqual([]);
});
