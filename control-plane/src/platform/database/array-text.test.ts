/** Lists go to a real server and come back as they were. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listText } from './array-text.ts';
import { sql } from './statement.ts';
import { testDatabase, type TestDatabase } from './testing.ts';

const echo = sql<{ list: (string | null)[] }, [list: unknown]>('testEchoList', 'SELECT $1::text[] AS list');

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase({ migrations: 'none' });
});
afterAll(() => database.close());

describe('lists for PostgreSQL', () => {
  it('come back as they were, whatever is in them', async () => {
    const word = fc.oneof(
      fc.constantFrom('', 'null', 'NULL', '{}', '"', '\\', ',', ' ', '\n', 'a"b\\c', '\u00a0', 'é'),
      fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0')),
      fc.constant(null),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(word), async (list) => {
        const [row] = await database.db.query(echo(list));
        expect(row!.list).toEqual(list);
      }),
      { numRuns: 300 },
    );
  });

  it('are one text when they are plain, and left to pg otherwise', () => {
    expect(listText(['a', 1, true, null, 'b c'])).toBe('{a,1,true,NULL,"b c"}');
    expect(listText([])).toBe('{}');
    for (const other of [[['a']], [new Date(0)], 'text', null, 5]) expect(listText(other)).toBe(other);
  });
});
