/** What a form of a schedule asks for. Pure. */
import { ScheduleRequest } from '@casare/shared/api';
import { FieldFault } from '../ui/form-faults.ts';
import { listOf, numberOf, textOf } from '../ui/use-form.ts';

/** Which field a refusal is about. */
export const CODES: Readonly<Record<string, string>> = {
  SCHEDULE_EXISTS: 'name',
  SCHEDULE_CRON_INVALID: 'cron',
  WORKFLOW_NOT_FOUND: 'job.workflow',
  JOB_INPUT_INVALID: 'job.input',
};

/** `before` keeps what the form does not show. @throws ZodError, or FieldFault where a text is no JSON. */
export function requestOf(fields: FormData, before: ScheduleRequest | null): ScheduleRequest {
  const site = textOf(fields, 'job.site');
  const input = textOf(fields, 'job.input');
  const kind = textOf(fields, 'catchUp');
  const { site: _, input: __, ...rest } = before?.job ?? {};
  return ScheduleRequest.parse({
    name: textOf(fields, 'name'),
    cron: textOf(fields, 'cron'),
    timeZone: textOf(fields, 'timeZone'),
    job: {
      ...rest,
      workflow: textOf(fields, 'job.workflow'),
      requires: listOf(fields, 'job.requires'),
      priority: numberOf(fields, 'job.priority'),
      ...(site !== '' && { site }),
      ...(input !== '' && { input: jsonOf(input) }),
    },
    overlap: fields.get('overlap'),
    catchUp: kind === 'all' ? { kind, limit: numberOf(fields, 'catchUp.limit') } : { kind },
    enabled: fields.has('enabled'),
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new FieldFault(
      'job.input',
      `It is not JSON: ${error instanceof Error ? error.message : 'it cannot be read'}.`,
    );
  }
}
