/**
 * Errors of a run. A `WorkflowFault` is an error that documents can see and catch (RFC 9457 members); a `StepFailure`
 * is how an executor reports one; `RunCancelled` and `RunSuspended` end the run and no document can catch them.
 *
 * Standard error types are written with several bases (the specification's text, its conformance kit, its former
 * name). They are equal to each other when compared; types that users invent are compared as they are.
 */
import type { OnRestart, WorkflowError } from '@casare/shared/protocol';
import type { Json } from '@casare/shared/workflow';

const STANDARD_NAMES = [
  'configuration',
  'validation',
  'expression',
  'authentication',
  'authorization',
  'timeout',
  'communication',
  'runtime',
] as const;
/** The error types that the specification defines (dsl-reference, "Standard Error Types"). */
export type StandardError = (typeof STANDARD_NAMES)[number];

const DEFAULT_STATUS: Readonly<Record<StandardError, number>> = {
  configuration: 400,
  validation: 400,
  expression: 400,
  authentication: 401,
  authorization: 403,
  timeout: 408,
  communication: 500,
  runtime: 500,
};

const STANDARD_TYPE = new RegExp(
  String.raw`^https://(?:open-workflow-specification\.org|serverlessworkflow\.io)/` +
    String.raw`(?:spec/1\.0\.\d+/errors|dsl/errors/types)/(${STANDARD_NAMES.join('|')})$`,
);

const DETAIL_LENGTH = 16_000;
const TITLE_LENGTH = 1_000;

/** The URI of a standard error type, as the specification's text writes it. */
export function standardType(name: StandardError): string {
  return `https://open-workflow-specification.org/spec/1.0.0/errors/${name}`;
}

/** True when both name the same error type; standard types match under any of their bases. */
export function sameErrorType(one: string, other: string): boolean {
  if (one === other) return true;
  const name = STANDARD_TYPE.exec(one)?.[1];
  return name !== undefined && name === STANDARD_TYPE.exec(other)?.[1];
}

/** A step whose outcome nobody knows: it was started and may have acted. */
export interface Doubt {
  readonly position: string;
  readonly call: string;
  readonly rule: OnRestart;
}

/** An error that the document can see. `doubt` says that behind it stands a step that may have acted all the same. */
export class WorkflowFault extends Error {
  override readonly name = 'WorkflowFault';
  readonly error: WorkflowError;
  readonly doubt: Doubt | null;

  constructor(error: WorkflowError, doubt: Doubt | null = null) {
    super(error.detail ?? error.title ?? error.type);
    this.error = error;
    this.doubt = doubt;
  }

  /** The same fault, said to come from `instance` unless it already says where it comes from. */
  at(instance: string): WorkflowFault {
    return this.error.instance === undefined ? new WorkflowFault({ ...this.error, instance }, this.doubt) : this;
  }
}

/**
 * What an executor throws. `type` is a standard error's name or a URI. `certain: true` promises that the step has NOT
 * acted on the outside world (nothing was clicked); false, the default, leaves an unsafe step in doubt.
 */
export class StepFailure extends Error {
  override readonly name = 'StepFailure';
  readonly type: StandardError | (string & {});
  readonly status: number | undefined;
  readonly title: string;
  readonly detail: string | undefined;
  readonly code: string | undefined;
  readonly certain: boolean;

  constructor(failure: {
    type: StandardError | (string & {});
    status?: number;
    title: string;
    detail?: string;
    code?: string;
    certain?: boolean;
  }) {
    super(failure.detail ?? failure.title);
    this.type = failure.type;
    this.status = failure.status;
    this.title = failure.title;
    this.detail = failure.detail;
    this.code = failure.code;
    this.certain = failure.certain ?? false;
  }
}

/** The run was told to stop. */
export class RunCancelled extends Error {
  override readonly name = 'RunCancelled';
}

/** The run cannot go on without a person. */
export class RunSuspended extends Error {
  override readonly name = 'RunSuspended';
  readonly position: string;

  constructor(position: string, reason: string) {
    super(reason);
    this.position = position;
  }
}

/** A fault of a standard type; status and bounds of the texts are filled in. */
export function fault(
  name: StandardError,
  text: { code: string; title: string; detail?: string | undefined; status?: number; instance?: string },
): WorkflowFault {
  return new WorkflowFault(
    bounded({
      type: standardType(name),
      status: text.status ?? DEFAULT_STATUS[name],
      title: text.title,
      code: text.code,
      ...(text.detail === undefined ? {} : { detail: text.detail }),
      ...(text.instance === undefined ? {} : { instance: text.instance }),
    }),
  );
}

/** What a step threw, as the document sees it. An unknown exception is a runtime error 500. */
export function errorOfStep(thrown: unknown): WorkflowError {
  if (thrown instanceof WorkflowFault) return thrown.error;
  if (!(thrown instanceof StepFailure)) {
    const detail = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
    return bounded({
      type: standardType('runtime'),
      status: 500,
      title: 'The step failed unexpectedly',
      detail,
      code: 'STEP_CRASHED',
    });
  }
  const standard = STANDARD_NAMES.find((name) => name === thrown.type);
  return bounded({
    type: standard === undefined ? thrown.type : standardType(standard),
    status: thrown.status ?? (standard === undefined ? 500 : DEFAULT_STATUS[standard]),
    title: thrown.title,
    ...(thrown.detail === undefined ? {} : { detail: thrown.detail }),
    ...(thrown.code === undefined ? {} : { code: thrown.code }),
  });
}

/** What a thrown value is to the document. */
export function asFault(thrown: unknown): WorkflowFault {
  if (thrown instanceof WorkflowFault) return new WorkflowFault(bounded(thrown.error), thrown.doubt);
  return new WorkflowFault(errorOfStep(thrown));
}

/** The error as documents see it in a variable. */
export function errorJson(error: WorkflowError): Json {
  const members = Object.entries(error).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return Object.fromEntries(members);
}

/** Cuts the texts to what a recorded error may hold, so that a long page text cannot make it unrecordable. */
export function bounded(error: WorkflowError): WorkflowError {
  return {
    ...error,
    type: error.type.slice(0, 2_000),
    status: Number.isInteger(error.status) && error.status >= 100 && error.status <= 599 ? error.status : 500,
    ...(error.title === undefined ? {} : { title: error.title.slice(0, TITLE_LENGTH) }),
    ...(error.detail === undefined ? {} : { detail: error.detail.slice(0, DETAIL_LENGTH) }),
  };
}
