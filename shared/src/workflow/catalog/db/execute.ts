import { z } from 'zod';
import { defineStep } from '../define-step.ts';
import { Row } from '../file-arguments.ts';
import { Connection, Parameters, Sql, TYPES } from './connection.ts';

export const execute = defineStep({
  name: 'db.execute',
  summary: `Changes a database by one statement, once or for each of a list of parameters, in one transaction: all of it or nothing. ${TYPES}`,
  with: z
    .strictObject({
      connection: Connection,
      sql: Sql.describe(
        'One statement. Values go into `parameters`, never into the text: `$1` in Postgres, `?` in MySQL.',
      ),
      parameters: Parameters.optional(),
      batch: z
        .array(Parameters)
        .min(1)
        .max(10_000)
        .optional()
        .describe('In place of `parameters`: one list for each time.'),
    })
    .refine(
      ({ parameters, batch }) => parameters === undefined || batch === undefined,
      'expected `parameters` or `batch`, not both',
    ),
  output: z.strictObject({
    affected: z.int().min(0).describe('Rows that were changed, of all times together.'),
    rows: z.array(Row).describe('What `RETURNING` gives, at most 1,000 rows.'),
  }),
  example: {
    connection: {
      type: 'postgres',
      host: 'erp.example.com',
      database: 'erp',
      user: '${ .erp.user }',
      password: '${ .erp.password }',
    },
    sql: 'INSERT INTO invoice (number, total) VALUES ($1, $2) ON CONFLICT (number) DO NOTHING',
    batch: '${ [.lines[] | [.number, .total]] }',
  },
  effect: 'unsafe',
  defaultTimeoutMs: 60_000,
});
