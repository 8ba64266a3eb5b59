/** One step's connection: opened after the policy was asked, ended with the step whatever happens. */
import type { DatabaseConnection } from '@casare/shared/workflow';
import type { StepContext } from '../../engine/index.ts';
import { untilAborted } from '../within.ts';
import { addressOf, type Database } from './database.ts';
import { databaseFailure } from './failure.ts';
import { openMysql } from './mysql.ts';
import { openPostgres } from './postgres.ts';

const OPENERS = { postgres: openPostgres, mysql: openMysql } as const;

/** @throws StepFailure DB_… */
export async function withDatabase<T>(
  context: StepContext,
  connection: DatabaseConnection,
  use: (database: Database) => Promise<T>,
  isInDoubt: () => boolean = () => false,
): Promise<T> {
  const address = await addressOf(context, connection);
  let database: Database | null = null;
  try {
    context.signal.throwIfAborted();
    database = await OPENERS[connection.type](address, context.signal);
    // A connection that is ended from here calls nobody back.
    return await untilAborted(context.signal, use(database));
  } catch (error) {
    if (!isInDoubt()) context.signal.throwIfAborted();
    throw databaseFailure(error, address, isInDoubt());
  } finally {
    database?.close();
  }
}
