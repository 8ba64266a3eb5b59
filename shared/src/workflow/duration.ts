/**
 * Durations of the DSL: an object of whole units, an ISO 8601 text, or an expression that yields such a text.
 * Years and months are refused, because their length depends on the calendar.
 */
import { z } from 'zod';

const DAY_MS = 86_400_000;
/** The longest duration a document may name: ten years, milliseconds. */
export const MAX_DURATION_MS = 3_653 * DAY_MS;

const unit = z.int().min(0).max(MAX_DURATION_MS).optional();

/** Whole numbers of units. */
export interface DurationUnits {
  readonly days?: number | undefined;
  readonly hours?: number | undefined;
  readonly minutes?: number | undefined;
  readonly seconds?: number | undefined;
  readonly milliseconds?: number | undefined;
}
/** A duration as a document writes it. */
export type Duration = DurationUnits | string;

/** Whole units, added up; at least one must be there. */
export const DurationObject = z
  .strictObject({ days: unit, hours: unit, minutes: unit, seconds: unit, milliseconds: unit })
  .refine(
    (value) => Object.keys(value).length > 0,
    'a duration needs at least one of days, hours, minutes, seconds, milliseconds',
  )
  .refine((value) => objectToMs(value) <= MAX_DURATION_MS, 'a duration may be ten years at most');

/** ISO 8601 text such as `PT1M30S` or `P1DT12H`, or a `${ ... }` expression that yields one. */
export const DurationText = z
  .string()
  .max(20_000)
  .refine(
    (text) => isTemplate(text) || parseDuration(text) !== null,
    'expected an ISO 8601 duration of weeks, days, hours, minutes and seconds, such as `PT1M30S` (years and months have no fixed length), or a `${ ... }` expression',
  );

export const Duration = z.union([DurationObject, DurationText]);

const ISO =
  /^P(?!$)(?:(\d+(?:\.\d+)?)W)?(?:(\d+(?:\.\d+)?)D)?(?:T(?=\d)(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;
const ISO_UNITS_MS = [7 * DAY_MS, DAY_MS, 3_600_000, 60_000, 1_000] as const;

/** Milliseconds (whole) of a literal duration; `null` for an expression or a text that is no duration. */
export function parseDuration(duration: Duration): number | null {
  const total = typeof duration === 'string' ? textToMs(duration) : objectToMs(duration);
  return total === null || total > MAX_DURATION_MS ? null : Math.round(total);
}

/** True for a string that is one expression as a whole: `${ ... }`, blanks around it allowed. */
export function isTemplate(text: string): boolean {
  const trimmed = text.trim();
  return trimmed.startsWith('${') && trimmed.endsWith('}') && trimmed.length > 3;
}

function textToMs(text: string): number | null {
  // The bound keeps hostile digits away from the pattern.
  const match = text.length <= 100 ? ISO.exec(text) : null;
  if (match === null) return null;
  return ISO_UNITS_MS.reduce((sum, ms, index) => sum + Number(match[index + 1] ?? 0) * ms, 0);
}

function objectToMs(value: DurationUnits): number {
  const { days = 0, hours = 0, minutes = 0, seconds = 0, milliseconds = 0 } = value;
  return days * DAY_MS + hours * 3_600_000 + minutes * 60_000 + seconds * 1_000 + milliseconds;
}
