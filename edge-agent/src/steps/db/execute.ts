/** `db.execute`: changes of a database, all of them or none. */
import { DB_STEPS } from '@casare/shared/workflow';
import type { Step } from '../../engine/index.ts';
import { executor } from '../executor.ts';
import { withDatabase } from './session.ts';

export const executeStep: Step = executor(
  DB_STEPS.execute,
  async ({ connection, sql, parameters = [], batch }, context) => {
    const progress = { isCommitting: false };
    const write = withDatabase(
      context,
      connection,
      (database) => database.write(sql, batch ?? [parameters], progress),
      () => progress.isCommitting,
    );
    const { affected, columns, rows } = await write;
    return {
      affected,
      rows: rows.map((row) => Object.fromEntries(columns.map((name, index) => [name, row[index] ?? null]))),
    };
  },
  { asksWhereSecretsGo: true },
);
