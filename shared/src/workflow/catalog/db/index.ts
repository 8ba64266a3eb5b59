/** The database steps: reading and writing are two steps, so that a document shows before it runs which it does. */
import { execute } from './execute.ts';
import { query } from './query.ts';

export const DB_STEPS = { query, execute } as const;
