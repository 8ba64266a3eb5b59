/** Steps that need nothing but the engine. */
import { z } from 'zod';
import { defineStep } from './define-step.ts';

const log = defineStep({
  name: 'log',
  summary: "Writes a line to the run's log.",
  with: z.strictObject({
    message: z.string().max(16_000),
    level: z.enum(['debug', 'info', 'warn', 'error']).optional(),
  }),
  output: z.null(),
  example: { message: 'Three invoices are open', level: 'info' },
  effect: 'idempotent',
});

const assert = defineStep({
  name: 'assert',
  summary: 'Fails the task unless a condition holds.',
  with: z.strictObject({ that: z.boolean(), message: z.string().max(1_000).optional() }),
  output: z.literal(true),
  example: { that: '${ .rows | length > 0 }', message: 'The list is empty' },
  effect: 'idempotent',
});

export const PLAIN_STEPS = { log, assert } as const;
