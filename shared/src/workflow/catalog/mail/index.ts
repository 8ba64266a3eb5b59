/** The mail steps. */
import { send } from './send.ts';

export const MAIL_STEPS = { send } as const;
