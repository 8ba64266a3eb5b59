/** What a schedule does, as people say it. Pure. */
import type { CatchUp, Firing, OverlapPolicy, ScheduleRequest } from '@casare/shared/api';

/** When a time comes and an earlier job is not over. */
export const OVERLAP_WORDS: Readonly<Record<OverlapPolicy, { readonly name: string; readonly means: string }>> = {
  skip: { name: 'Skip', means: 'Nothing is submitted this time.' },
  queue: { name: 'Queue', means: 'The new job waits behind the earlier one.' },
  cancel: { name: 'Cancel', means: 'The earlier job is cancelled, then the new one starts.' },
};

/** What becomes of times that passed while nothing could be submitted. */
export const CATCH_UP_WORDS: Readonly<Record<CatchUp['kind'], { readonly name: string; readonly means: string }>> = {
  none: { name: 'None', means: 'They are put on record as missed.' },
  last: { name: 'The last', means: 'The last of them is submitted, the others are missed.' },
  all: { name: 'All, up to a number', means: 'The last ones are submitted, one after the other.' },
};

export const OUTCOME_WORDS: Readonly<Record<Firing['outcome'], string>> = {
  submitted: 'Submitted',
  skipped: 'Skipped',
  missed: 'Missed',
  refused: 'Refused',
};

/** `None`, `The last`, `The last 10`. */
export function catchUpWords(catchUp: CatchUp): string {
  return catchUp.kind === 'all' ? `The last ${catchUp.limit}` : CATCH_UP_WORDS[catchUp.kind].name;
}

const NAMES: Readonly<Record<string, string>> = {
  name: 'name',
  cron: 'cron',
  timeZone: 'time zone',
  job: 'job',
  overlap: 'overlap',
  catchUp: 'catch-up',
  enabled: 'enabled or not',
};

/** What of a schedule is another in `now` than in `before`. */
export function changesBetween(before: ScheduleRequest, now: ScheduleRequest): string[] {
  const keys = Object.keys(NAMES) as (keyof ScheduleRequest)[];
  return keys.filter((key) => canonical(before[key]) !== canonical(now[key])).map((key) => NAMES[key]!);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}
