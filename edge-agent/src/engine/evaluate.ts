/**
 * Runtime expressions in a document. A text is an expression when it is `${ ... }` as a whole; members that can only
 * be expressions (`if`, `while`, `when`, `in`, `output.as`, ...) may leave the braces out. Which variables an
 * expression sees is the table of the specification (dsl.md, "Runtime expression arguments").
 */
import { type Duration, isTemplate, type Json, parseDuration } from '@casare/shared/workflow';
import { fault } from './errors.ts';
import type { Variables } from './expressions.ts';
import type { Frame, Run } from './frame.ts';

/** Evaluates what a document says in one place, with the input and the variables of that place. */
export interface Evaluator {
  /** A member that is an expression, braces or not. */
  expression(text: string): Promise<Json>;
  /** True unless the expression yields `false` or `null`, as in jq. */
  condition(text: string): Promise<boolean>;
  /** Any JSON with `${ ... }` texts in it. */
  template(value: Json): Promise<Json>;
  /** `from` and `as`: an expression, or an object with expressions in it. */
  transformation(value: Json): Promise<Json>;
  /** Milliseconds of a duration, which may be an expression that yields ISO 8601 text. */
  duration(value: Duration): Promise<number>;
}

/** An evaluator over `input` as `.` and these variables, which are only made for an expression. */
export function evaluatorOver(run: Run, input: Json, variables: () => Variables): Evaluator {
  let made: Variables | undefined;
  const expression = (text: string) => run.options.expressions.evaluate(programOf(text), input, (made ??= variables()));
  const filled = async (value: Json): Promise<Json> => {
    if (typeof value === 'string') return isTemplate(value) ? expression(value) : value;
    if (value === null || typeof value !== 'object') return value;
    if (Array.isArray(value)) return inOrder(value as readonly Json[], filled);
    const members = Object.entries(value);
    const values = await inOrder(members, ([, member]) => filled(member));
    return Object.fromEntries(members.map(([key], index) => [key, values[index] ?? null]));
  };
  const template = async (value: Json): Promise<Json> => (holdsTemplate(value) ? filled(value) : value);
  return {
    expression,
    condition: async (text) => isTruthy(await expression(text)),
    template,
    transformation: (value) => (typeof value === 'string' ? expression(value) : template(value)),
    duration: async (value) => {
      const literal = typeof value === 'string' && isTemplate(value) ? await expression(value) : value;
      const ms = typeof literal === 'string' || isUnits(literal) ? parseDuration(literal) : null;
      if (ms !== null) return ms;
      throw fault('configuration', {
        code: 'DURATION_INVALID',
        title: 'A duration is not valid',
        detail: `${JSON.stringify(literal)} is not an ISO 8601 duration such as PT30S.`,
      });
    },
  };
}

/** What the members of a task's own definition see. */
export function definitionOf(frame: Frame, more: Variables = {}): Evaluator {
  return evaluatorOver(frame.run, frame.input, () => ({ ...taskVariables(frame), input: frame.input, ...more }));
}

/** The variables every expression of a task sees, before `$input`, `$output` and `$secrets`. */
export function taskVariables(frame: Omit<Frame, 'input' | 'record'>, output?: Json): Variables {
  const { run, name, path, task, rawInput, startedAt } = frame;
  return {
    ...frame.variables,
    ...workflowVariables(run),
    context: run.context,
    task: {
      name,
      reference: path,
      definition: task as unknown as Json,
      input: rawInput,
      ...(output === undefined ? {} : { output }),
      startedAt: moment(startedAt),
    },
  };
}

/** `$workflow` and `$runtime`. */
export function workflowVariables(run: Run): Variables {
  const { runId, document, input, version } = run.options;
  return {
    workflow: { id: runId, definition: document as unknown as Json, input, startedAt: moment(run.startedAt) },
    runtime: { name: 'Casare', version: version ?? '0', metadata: {} },
  };
}

function moment(ms: number): Json {
  return { iso8601: new Date(ms).toISOString(), epoch: { seconds: Math.floor(ms / 1_000), milliseconds: ms } };
}

/** True when there is anything to evaluate in it. */
function holdsTemplate(value: Json): boolean {
  if (typeof value === 'string') return isTemplate(value);
  return value !== null && typeof value === 'object' && Object.values(value).some(holdsTemplate);
}

function programOf(text: string): string {
  return isTemplate(text) ? text.trim().slice(2, -1) : text;
}

function isTruthy(value: Json): boolean {
  return value !== false && value !== null;
}

function isUnits(value: Json | Duration): value is Exclude<Duration, string> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One after the other: the jq worker takes one at a time anyway. */
async function inOrder<Item>(items: readonly Item[], map: (item: Item) => Promise<Json>): Promise<Json[]> {
  const results: Json[] = [];
  for (const item of items) results.push(await map(item));
  return results;
}
