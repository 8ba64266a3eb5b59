/** `db.query`: rows of a database, read and never changed. */
import { DB_STEPS } from '@casare/shared/workflow';
import type { Step } from '../../engine/index.ts';
import { takeRows } from '../data/rows.ts';
import { executor } from '../executor.ts';
import { withDatabase } from './session.ts';

export const queryStep: Step = executor(
  DB_STEPS.query,
  ({ connection, sql, parameters = [], limit, saveAs }, context) =>
    withDatabase(context, connection, (database) =>
      takeRows(context, database.read(sql, parameters), { limit, saveAs }),
    ),
  { asksWhereSecretsGo: true },
);
