/**
 * The engine's way out: every event of a run passes here once, scrubbed and bounded, in the order it happened.
 * A failing `record` ends the engine: what cannot be recorded must not be done.
 */
import { OUTPUT_BYTES, type RunEventBody, type StepSeen, type WorkflowError } from '@casare/shared/protocol';
import type { Json } from '@casare/shared/workflow';
import { bounded, fault } from './errors.ts';
import type { SecretVault } from './secrets.ts';
import type { LogLevel } from './steps.ts';

/** Log lines one run may record; further ones are dropped, and the last one says so. */
const LOG_LINES = 10_000;
const LOG_LENGTH = 16_000;

/** The agent did not take an event. No document can catch it and no ending is recorded. */
export class RecordingFailed extends Error {
  override readonly name = 'RecordingFailed';
}

/** Records events and log lines. */
export interface Recorder {
  /** Resolves when the agent has the event, and every one before it, durably. */
  readonly record: (body: RunEventBody) => Promise<void>;
  /**
   * Goes on while the event is under way: of tasks that only steer, of calls that may simply be repeated, of calls that no restart
   * reaches (`ahead`: they act already), and ends of calls.
   * What is lost with the worker is done again, or in doubt as if the worker had died a moment before; nothing that must not
   * be repeated acts before everything that led there is recorded, unless no restart reaches it.
   */
  readonly note: (body: RunEventBody, ahead?: boolean) => Promise<void>;
  log(level: LogLevel, message: string): Promise<void>;
}

/**
 * A recorder over the agent's `record`, which takes events in their order.
 * @param ahead noted events that may be under way; 0 waits for each
 */
export function createRecorder(
  send: (body: RunEventBody, ahead?: boolean) => Promise<void>,
  vault: SecretVault,
  ahead: number,
): Recorder {
  let lines = 0;
  let failed: RecordingFailed | null = null;
  const underWay = new Set<Promise<void>>();
  const submit = async (body: RunEventBody, isAhead = false): Promise<void> => {
    if (failed !== null) return;
    try {
      await send(scrubBody(body, vault), isAhead);
    } catch (cause) {
      const message = `The event ${body.type} could not be recorded: ${(cause as Error).message}`;
      failed ??= new RecordingFailed(message, { cause });
    }
  };
  const judge = (): void => {
    if (failed !== null) throw failed;
  };
  const record = async (body: RunEventBody, isAhead = false): Promise<void> => {
    await submit(body, isAhead);
    await Promise.all(underWay);
    judge();
  };
  const note = async (body: RunEventBody, isAhead = false): Promise<void> => {
    if (underWay.size >= ahead) return record(body, isAhead);
    const sent = submit(body, isAhead);
    underWay.add(sent);
    void sent.then(() => underWay.delete(sent));
    judge();
  };
  return {
    record,
    note,
    log: async (level, message) => {
      lines += 1;
      if (lines > LOG_LINES) return;
      const text = lines === LOG_LINES ? 'The log of this run is full; further lines are dropped.' : message;
      await record({ type: 'run.log', level, message: text.slice(0, LOG_LENGTH) });
    },
  };
}

/**
 * The value, when it is small enough to be recorded.
 * @param allowed bytes of JSON; what a record holds unless it is not recorded as it is
 * @throws {WorkflowFault} runtime error 500 above them
 */
export function recordable(value: Json, what: string, allowed: number = OUTPUT_BYTES): Json {
  const bytes = Buffer.byteLength(JSON.stringify(value), 'utf8');
  if (bytes <= allowed) return value;
  throw fault('runtime', {
    code: 'OUTPUT_TOO_LARGE',
    title: `${what} is too large`,
    detail: `${what} has ${bytes} bytes of JSON and ${allowed} are allowed: keep less of it, or write a file.`,
  });
}

/** The one cast between the workflow's read-only JSON and the event's. */
export function eventJson(value: Json): Extract<RunEventBody, { type: 'run.completed' }>['output'] {
  return value as Extract<RunEventBody, { type: 'run.completed' }>['output'];
}

function scrubBody(body: RunEventBody, vault: SecretVault): RunEventBody {
  const scrub = (value: unknown) => eventJson(vault.scrub(value as Json));
  const seen = (of: { readonly seen?: StepSeen | undefined }) =>
    // As it was seen, its bounds included: masking makes no text longer.
    of.seen === undefined ? {} : { seen: scrub(of.seen) as StepSeen };
  switch (body.type) {
    case 'step.started':
      return { ...body, ...(body.input === undefined ? {} : { input: scrub(body.input) }) };
    case 'step.completed':
      return {
        ...body,
        ...seen(body),
        output: scrub(body.output),
        ...(body.context === undefined ? {} : { context: scrub(body.context) }),
      };
    case 'step.failed':
      return {
        ...body,
        ...seen(body),
        error: scrubError(body.error, vault),
        ...(body.context === undefined ? {} : { context: scrub(body.context) }),
      };
    case 'run.completed':
      return { ...body, output: scrub(body.output) };
    case 'run.failed':
    case 'run.timed_out':
      return { ...body, error: scrubError(body.error, vault) };
    case 'run.log':
      return { ...body, message: vault.scrub(body.message) };
    case 'run.cancelled':
      return { ...body, reason: vault.scrub(body.reason).slice(0, 1_000) };
    case 'run.suspended':
      return { ...body, reason: vault.scrub(body.reason).slice(0, 4_000) };
    default:
      return body;
  }
}

/** The error without secret values, bounded. */
export function scrubError(error: WorkflowError, vault: SecretVault): WorkflowError {
  const { title, detail, type } = error;
  return bounded({
    ...error,
    type: vault.scrub(type),
    ...(title === undefined ? {} : { title: vault.scrub(title) }),
    ...(detail === undefined ? {} : { detail: vault.scrub(detail) }),
  });
}
