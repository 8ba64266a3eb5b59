/** The executors of the database steps. */
import type { Step } from '../../engine/index.ts';
import { executeStep } from './execute.ts';
import { queryStep } from './query.ts';

export const DB: readonly Step[] = [queryStep, executeStep];
