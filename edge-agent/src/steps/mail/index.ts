/** The executors of the mail steps. */
import type { Step } from '../../engine/index.ts';
import { sendStep } from './send.ts';

export const MAIL: readonly Step[] = [sendStep];
