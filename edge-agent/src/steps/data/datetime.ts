/** `data.datetime`: dates and times by the calendar and by time zones. */
import { DateTime, Duration, type DateTimeUnit, IANAZone } from 'luxon';
import { DATA_STEPS } from '@casare/shared/workflow';
import { StepFailure, type Step } from '../../engine/index.ts';
import { executor } from '../executor.ts';

/** `now` is milliseconds since 1970 UTC. */
export function datetimeStep(now: () => number = () => Date.now()): Step {
  return executor(DATA_STEPS.datetime, async (args) => {
    const zone = zoneOf(args.zone ?? 'UTC');
    const locale = args.locale ?? 'en';
    const read = reading(args.value ?? now(), { read: args.read, zone, locale });
    const moved = to(args.add === undefined ? read : read.plus(durationOf(args.add)), args.to);
    const shown = args.toZone === undefined ? moved : moved.setZone(zoneOf(args.toZone));
    if (!shown.isValid || shown.year < 0 || shown.year > 9999) throw outOfRange();
    const result = shown as DateTime<true>;
    return {
      text: args.write === undefined ? result.toISO() : result.toFormat(args.write),
      iso: result.toISO(),
      date: result.toISODate(),
      time: result.toFormat('HH:mm:ss'),
      zone: result.zoneName,
      epochMs: result.toMillis(),
      year: result.year,
      month: result.month,
      day: result.day,
      weekday: result.weekday,
      week: result.weekNumber,
    };
  });
}

interface Reading {
  readonly read: string | undefined;
  readonly zone: string;
  readonly locale: string;
}

/** A value that names its own zone keeps it. */
function reading(value: string | number, { read, zone, locale }: Reading): DateTime<true> {
  if (!isLocale(locale)) throw notReadable(`there is no language ${JSON.stringify(locale)}`);
  const options = { zone, locale, setZone: true } as const;
  const result =
    typeof value === 'number'
      ? DateTime.fromMillis(value, { zone, locale })
      : read === undefined
        ? DateTime.fromISO(value, options)
        : DateTime.fromFormat(value, read, options);
  if (result.isValid) return result;
  const expected = read === undefined ? 'an ISO 8601 text such as 2026-05-01T13:45:00' : `a text like ${read}`;
  throw notReadable(
    `${JSON.stringify(value)} is not ${expected}${result.invalidExplanation === null ? '' : ` (${result.invalidExplanation})`}`,
  );
}

function to(value: DateTime, period: string | undefined): DateTime {
  const match = /^(start|end)Of(.+)$/.exec(period ?? '');
  if (match === null) return value;
  const unit = match[2]!.toLowerCase() as DateTimeUnit;
  return match[1] === 'start' ? value.startOf(unit) : value.endOf(unit);
}

function durationOf(text: string): Duration {
  const negative = text.startsWith('-');
  const duration = Duration.fromISO(negative ? text.slice(1) : text);
  if (!duration.isValid) throw notReadable(`${JSON.stringify(text)} is no ISO 8601 duration`);
  return negative ? duration.negate() : duration;
}

function zoneOf(name: string): string {
  if (name === 'UTC' || IANAZone.isValidZone(name)) return name;
  throw notReadable(`there is no time zone ${JSON.stringify(name)}: name one of IANA, such as Europe/Berlin`);
}

function isLocale(locale: string): boolean {
  try {
    return Intl.DateTimeFormat.supportedLocalesOf(locale).length > 0;
  } catch {
    return false;
  }
}

function notReadable(why: string): StepFailure {
  return new StepFailure({
    type: 'validation',
    code: 'DATETIME_NOT_READABLE',
    title: 'The date or time cannot be read',
    detail: `${why}.`,
    certain: true,
  });
}

function outOfRange(): StepFailure {
  return new StepFailure({
    type: 'validation',
    code: 'DATETIME_OUT_OF_RANGE',
    title: 'The date lies outside of the years 0 to 9999',
    detail: 'What `add` or `value` say leads too far.',
    certain: true,
  });
}
