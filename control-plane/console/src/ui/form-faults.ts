/** Which field of a form an error is about. Pure. */
import { ApiError } from '@casare/shared/client';
import { z } from 'zod';

export interface FormFaults {
  /** By the name of the field. */
  readonly at: Readonly<Record<string, string>>;
  /** What belongs to no field; null when there is nothing of the kind. */
  readonly rest: unknown;
}

export const NO_FAULTS: FormFaults = { at: {}, rest: null };

/** A fault that is known to be about one field. */
export class FieldFault extends Error {
  readonly field: string;
  constructor(field: string, message: string) {
    super(message);
    this.field = field;
  }
}

/** `names` are the fields of the form; `codes` says which field a code of the server is about. */
export function faultsOf(
  error: unknown,
  names: ReadonlySet<string>,
  codes: Readonly<Record<string, string>> = {},
): FormFaults {
  if (error instanceof FieldFault) return { at: { [error.field]: error.message }, rest: null };
  if (error instanceof z.ZodError) return ofIssues(error.issues, names);
  if (!(error instanceof ApiError)) return { at: {}, rest: error };
  const field = codes[error.problem.code];
  if (field === undefined || !names.has(field)) return { at: {}, rest: error };
  const details = (error.problem.problems ?? []).map(({ path, message }) => `${path} ${message}`.trim());
  return { at: { [field]: [error.message, ...details].join(' ') }, rest: null };
}

function ofIssues(issues: readonly z.core.$ZodIssue[], names: ReadonlySet<string>): FormFaults {
  const at: Record<string, string> = {};
  const rest: string[] = [];
  for (const issue of issues) {
    const name = fieldOf(issue.path, names);
    if (name === null) rest.push([issue.path.join('.'), wordsOf(issue)].filter(Boolean).join(': '));
    else at[name] ??= sentence(wordsOf(issue));
  }
  return { at, rest: rest.length === 0 ? null : new Error(sentence(rest.join('; '))) };
}

/** What zod says of itself is for programmers; what the shapes say is for everybody. */
function wordsOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'too_small') {
    if (issue.origin === 'string' && issue.minimum === 1) return 'must not be empty';
    if (issue.origin === 'array') return `needs at least ${issue.minimum}`;
    return `must be ${issue.minimum} or more`;
  }
  if (issue.code === 'too_big') return `must be ${issue.maximum} or less`;
  if (issue.code === 'invalid_type' && /^(number|int)$/.test(issue.expected)) return 'must be a whole number';
  if (issue.code !== 'invalid_format' || !issue.message.startsWith('Invalid')) return issue.message;
  return FORMATS[issue.format] ?? issue.message;
}
const FORMATS: Readonly<Record<string, string>> = {
  email: 'is not an e-mail address',
  url: 'is not a web address such as https://example.com/hook',
};

/** The field of the longest beginning of the path. */
function fieldOf(path: readonly PropertyKey[], names: ReadonlySet<string>): string | null {
  for (let length = path.length; length > 0; length -= 1) {
    const name = path.slice(0, length).join('.');
    if (names.has(name)) return name;
  }
  return null;
}

/** `needs five fields` becomes `It needs five fields.` */
function sentence(text: string): string {
  const begun = /^[a-z]/.test(text) ? `It ${text}` : text;
  return /[.!?…]$/.test(begun) ? begun : `${begun}.`;
}
