/**
 * Tasks of the Open Workflow Specification DSL 1.0.x, as far as Profile 1 goes. Each kind has one member that no other
 * has (`for` has it besides `do`), so `classify` tells them apart without looking deeper.
 *
 * A schema here checks ONE task: the lists inside it are only known to be lists, and `validate.ts` goes into them. So
 * the cost of checking grows with the document and never with its nesting.
 */
import { z } from 'zod';
import {
  Authentication,
  Endpoint,
  ErrorDefinition,
  ErrorFilter,
  Expression,
  ExternalResource,
  Input,
  Json,
  Name,
  Output,
  RetryPolicyOrName,
  Text,
  TimeoutOrName,
  VariableName,
} from './definitions.ts';
import { Duration } from './duration.ts';
import { HttpMetadata, OpenApiMetadata } from './http-files.ts';
import { TaskMetadata } from './rpa.ts';

/** One item of a task list: an object with exactly one member, the task under its name. */
export interface TaskItem {
  readonly [name: string]: Task;
}
/** Tasks in the order they run. */
export type TaskList = readonly TaskItem[];
export const TaskList = z.custom<TaskList>(
  (value) => Array.isArray(value),
  'expected a list of tasks, `- name: { ... }` each',
);

/** What every task may have. `then` names the next task, or is `continue`, `exit` or `end`. */
const base = {
  if: Expression.optional(),
  input: Input.optional(),
  output: Output.optional(),
  export: Output.optional(),
  timeout: TimeoutOrName.optional(),
  then: Name.optional(),
  metadata: TaskMetadata.optional(),
};

const HttpOutput = z.enum(['raw', 'content', 'response']);
const scalar = z.union([Text, z.number(), z.boolean(), z.null()]);
export const HttpArguments = z.strictObject({
  method: Name,
  endpoint: Endpoint,
  /** `null` leaves one out. */
  headers: z.union([Expression, z.record(z.string(), scalar)]).optional(),
  body: Json.optional(),
  /** A list repeats its name. */
  query: z.union([Expression, z.record(z.string(), z.union([scalar, z.array(scalar)]))]).optional(),
  output: HttpOutput.optional(),
  redirect: z.boolean().optional(),
});
export type HttpArguments = z.infer<typeof HttpArguments>;
export const OpenApiArguments = z.strictObject({
  document: ExternalResource,
  operationId: Name,
  parameters: z.record(z.string(), Json).optional(),
  authentication: Authentication.optional(),
  output: HttpOutput.optional(),
  redirect: z.boolean().optional(),
});
export type OpenApiArguments = z.infer<typeof OpenApiArguments>;

export const HttpCallTask = z.strictObject({
  ...base,
  metadata: HttpMetadata.optional(),
  call: z.literal('http'),
  with: HttpArguments,
});
export type HttpCallTask = z.infer<typeof HttpCallTask>;
export const OpenApiCallTask = z.strictObject({
  ...base,
  metadata: OpenApiMetadata.optional(),
  call: z.literal('openapi'),
  with: OpenApiArguments,
});
export type OpenApiCallTask = z.infer<typeof OpenApiCallTask>;
/** A catalogue step (`browser.click:1.0.0@default`) or one of `use.functions`. */
export const FunctionCallTask = z.strictObject({ ...base, call: Name, with: z.record(z.string(), Json).optional() });
export type FunctionCallTask = z.infer<typeof FunctionCallTask>;
export type CallTask = HttpCallTask | OpenApiCallTask | FunctionCallTask;

export const DoTask = z.strictObject({ ...base, do: TaskList });
export type DoTask = z.infer<typeof DoTask>;

export const EmitTask = z.strictObject({
  ...base,
  emit: z.strictObject({
    event: z.strictObject({ with: z.looseObject({ type: Text.min(1), data: Json.optional() }) }),
  }),
});
export type EmitTask = z.infer<typeof EmitTask>;

export const ForTask = z.strictObject({
  ...base,
  for: z.strictObject({
    /** The variable of the current item; `item` when absent. */
    each: VariableName.optional(),
    in: z.union([Expression, z.array(Json)]),
    /** The variable of its index, from 0; `index` when absent. */
    at: VariableName.optional(),
  }),
  while: Expression.optional(),
  do: TaskList,
});
export type ForTask = z.infer<typeof ForTask>;

export const ForkTask = z.strictObject({
  ...base,
  fork: z.strictObject({ branches: TaskList, compete: z.boolean().optional() }),
});
export type ForkTask = z.infer<typeof ForkTask>;

export const RaiseTask = z.strictObject({
  ...base,
  raise: z.strictObject({ error: z.union([ErrorDefinition, Name]) }),
});
export type RaiseTask = z.infer<typeof RaiseTask>;

export const RunTask = z.strictObject({
  ...base,
  run: z.strictObject({
    workflow: z.strictObject({
      namespace: Name,
      name: Name,
      /** An exact version: what runs must not change behind the document's back. */
      version: z
        .string()
        .regex(/^\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?$/, 'expected an exact version, such as `1.0.0`'),
      input: z.union([Expression, z.record(z.string(), Json)]).optional(),
    }),
    await: z.boolean().optional(),
  }),
});
export type RunTask = z.infer<typeof RunTask>;

export const SetTask = z.strictObject({ ...base, set: z.union([Expression, z.record(z.string(), Json)]) });
export type SetTask = z.infer<typeof SetTask>;

const SwitchCase = z.strictObject({ when: Expression.optional(), then: Name });
export const SwitchTask = z.strictObject({
  ...base,
  switch: z
    .array(
      z
        .record(z.string(), SwitchCase)
        .refine((item) => Object.keys(item).length === 1, 'a case is `- name: { when, then }`'),
    )
    .min(1),
});
export type SwitchTask = z.infer<typeof SwitchTask>;

export const Catch = z.strictObject({
  errors: z.strictObject({ with: ErrorFilter.optional() }).optional(),
  /** The variable of the caught error; `error` when absent. */
  as: VariableName.optional(),
  when: Expression.optional(),
  exceptWhen: Expression.optional(),
  retry: RetryPolicyOrName.optional(),
  do: TaskList.optional(),
  then: Name.optional(),
});
export type Catch = z.infer<typeof Catch>;
export const TryTask = z.strictObject({ ...base, try: TaskList, catch: Catch });
export type TryTask = z.infer<typeof TryTask>;

export const WaitTask = z.strictObject({ ...base, wait: Duration });
export type WaitTask = z.infer<typeof WaitTask>;

export type Task =
  CallTask | DoTask | EmitTask | ForTask | ForkTask | RaiseTask | RunTask | SetTask | SwitchTask | TryTask | WaitTask;

/** The kinds, in the order in which a task's members are looked at: `for` before the `do` that it also has. */
export const TASK_KINDS = [
  'call',
  'for',
  'do',
  'emit',
  'fork',
  'raise',
  'run',
  'set',
  'switch',
  'try',
  'wait',
] as const;
export type TaskKind = (typeof TASK_KINDS)[number];

/** A task together with its kind: switch over `kind` and `task` has the type of that kind. */
export type Classified =
  | { readonly kind: 'call'; readonly task: CallTask }
  | { readonly kind: 'do'; readonly task: DoTask }
  | { readonly kind: 'emit'; readonly task: EmitTask }
  | { readonly kind: 'for'; readonly task: ForTask }
  | { readonly kind: 'fork'; readonly task: ForkTask }
  | { readonly kind: 'raise'; readonly task: RaiseTask }
  | { readonly kind: 'run'; readonly task: RunTask }
  | { readonly kind: 'set'; readonly task: SetTask }
  | { readonly kind: 'switch'; readonly task: SwitchTask }
  | { readonly kind: 'try'; readonly task: TryTask }
  | { readonly kind: 'wait'; readonly task: WaitTask };

/** The kind of a validated task, with the task under that kind's type. */
export function classify(task: Task): Classified {
  if ('call' in task) return { kind: 'call', task };
  if ('for' in task) return { kind: 'for', task };
  if ('do' in task) return { kind: 'do', task };
  if ('emit' in task) return { kind: 'emit', task };
  if ('fork' in task) return { kind: 'fork', task };
  if ('raise' in task) return { kind: 'raise', task };
  if ('run' in task) return { kind: 'run', task };
  if ('set' in task) return { kind: 'set', task };
  if ('switch' in task) return { kind: 'switch', task };
  if ('try' in task) return { kind: 'try', task };
  return { kind: 'wait', task };
}

/** The kind of a validated task. */
export function taskKind(task: Task): TaskKind {
  return classify(task).kind;
}

/** What a `call` task calls, with its arguments under their type. */
export type Call =
  | { readonly to: 'http'; readonly with: HttpArguments }
  | { readonly to: 'openapi'; readonly with: OpenApiArguments }
  | { readonly to: 'function'; readonly reference: string; readonly with: Readonly<Record<string, Json>> };

/** Tells the three kinds of calls apart. */
export function callOf(task: CallTask): Call {
  if (isHttp(task)) return { to: 'http', with: task.with };
  if (isOpenApi(task)) return { to: 'openapi', with: task.with };
  return { to: 'function', reference: task.call, with: task.with ?? {} };
}

function isHttp(task: CallTask): task is HttpCallTask {
  return task.call === 'http';
}

function isOpenApi(task: CallTask): task is OpenApiCallTask {
  return task.call === 'openapi';
}
