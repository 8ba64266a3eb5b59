import { z } from 'zod';
import { defineStep } from '../define-step.ts';
import { data } from './family.ts';

const Zone = z.string().min(1).max(100);

export const datetime = defineStep({
  ...data,
  name: 'data.datetime',
  summary: 'Reads a date or time, moves it, and writes it as it is needed. Time zones are those of IANA.',
  with: z.strictObject({
    value: z
      .union([z.string().max(200), z.number()])
      .optional()
      .describe('An ISO 8601 text, a text as `read` says, or milliseconds since 1970 UTC; now unless given.'),
    read: z
      .string()
      .min(1)
      .max(100)
      .optional()
      .describe('How `value` is written, such as `dd.MM.yyyy` or `d MMMM yyyy`.'),
    locale: z
      .string()
      .min(2)
      .max(35)
      .optional()
      .describe('Language of names of months and days, such as `de`: `en` unless given.'),
    zone: Zone.optional().describe('The zone of a `value` that names none: UTC unless given.'),
    toZone: Zone.optional().describe('The zone of the result: that of the value unless given.'),
    add: z
      .string()
      .max(100)
      .regex(/^-?P(?!$)/, 'expected an ISO 8601 duration such as P1M or -P2D')
      .optional()
      .describe('An ISO 8601 duration by the calendar, such as `P1M`, `-P2D` or `PT36H`.'),
    to: z
      .enum([
        'startOfDay',
        'endOfDay',
        'startOfWeek',
        'endOfWeek',
        'startOfMonth',
        'endOfMonth',
        'startOfQuarter',
        'endOfQuarter',
        'startOfYear',
        'endOfYear',
      ])
      .optional()
      .describe('Moves to the first or last moment of a period, after `add`. Weeks begin on Monday.'),
    write: z.string().min(1).max(100).optional().describe('How `text` is written: ISO 8601 unless given.'),
  }),
  output: z.strictObject({
    text: z.string(),
    iso: z.string(),
    date: z.string().describe('Such as `2026-05-01`.'),
    time: z.string().describe('Such as `13:45:00`.'),
    zone: z.string(),
    epochMs: z.number(),
    year: z.int(),
    month: z.int(),
    day: z.int(),
    weekday: z.int().min(1).max(7).describe('1 is Monday.'),
    week: z.int().min(1).max(53).describe('By ISO 8601.'),
  }),
  example: { value: '31.01.2026', read: 'dd.MM.yyyy', zone: 'Europe/Berlin', add: 'P1M', write: 'd MMMM yyyy' },
});
