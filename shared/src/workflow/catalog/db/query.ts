import { z } from 'zod';
import { SaveAs } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { RowsRead } from '../file-arguments.ts';
import { Connection, Parameters, Sql, TYPES } from './connection.ts';

export const query = defineStep({
  name: 'db.query',
  summary: `Reads rows of a database by one statement, in a transaction that may only read; \`db.execute\` writes. ${TYPES}`,
  with: z.strictObject({
    connection: Connection,
    sql: Sql.describe(
      'One statement. Values go into `parameters`, never into the text: `$1` in Postgres, `?` in MySQL.',
    ),
    parameters: Parameters.optional(),
    limit: z.int().min(0).max(10_000_000).optional().describe('At most so many rows.'),
    saveAs: SaveAs.optional().describe(
      'Stores the rows as a file of JSON lines in place of putting them out: for many rows.',
    ),
  }),
  output: RowsRead,
  example: {
    connection: {
      type: 'postgres',
      host: 'erp.example.com',
      database: 'erp',
      user: '${ .erp.user }',
      password: '${ .erp.password }',
    },
    sql: 'SELECT number, total FROM invoice WHERE month = $1',
    parameters: ['${ .month }'],
  },
  effect: 'idempotent',
  defaultTimeoutMs: 60_000,
});
