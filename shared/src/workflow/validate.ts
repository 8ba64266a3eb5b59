/**
 * Is a value a workflow document of Profile 1? Schemas first, task by task and without recursion into lists they do not
 * own; then, only when the shape is right, what schemas cannot see (`checks.ts`). A document that passes can be run
 * without further looks at its shape.
 */
import { argumentFindings, checkFindings, warningsOf } from './checks.ts';
import { Workflow } from './document.ts';
import { boundsFinding } from './json-bounds.ts';
import { type Finding, MAX_PROBLEMS, unknown } from './problem.ts';
import { refusedTask, refusedTopLevel } from './refused.ts';
import { schemaFindings } from './schema-findings.ts';
import * as tasks from './task.ts';
import { escapePointer } from './task-list.ts';

/** The most tasks a document may have, those inside others included. */
export const MAX_TASKS = 2_000;

/** A document that may be run, or what is wrong with it (at most `MAX_PROBLEMS`). */
export type Validated =
  | { readonly ok: true; readonly document: Workflow; readonly warnings: readonly Finding[] }
  | { readonly ok: false; readonly findings: readonly Finding[] };

/** Checks a value of any origin, such as the document of a `job.assign`. */
export function validateWorkflow(value: unknown): Validated {
  const bounds = boundsFinding(value);
  if (bounds !== null) return { ok: false, findings: [bounds] };
  const shape = shapeFindings(value);
  if (shape.length > 0) return { ok: false, findings: shape.slice(0, MAX_PROBLEMS) };
  // The shape findings are empty: every schema has accepted its part.
  const document = value as Workflow;
  const findings = [...argumentFindings(document), ...checkFindings(document)];
  if (findings.length > 0) return { ok: false, findings: findings.slice(0, MAX_PROBLEMS) };
  return { ok: true, document, warnings: warningsOf(document).slice(0, MAX_PROBLEMS) };
}

/** A task or a list that is still to be looked at. */
type Open = { readonly list: unknown; readonly path: string } | { readonly task: unknown; readonly path: string };

function shapeFindings(value: unknown): Finding[] {
  const refused = refusedTopLevel(value);
  const refusedPaths = new Set(refused.map((finding) => finding.path));
  const own = schemaFindings(Workflow, value, '').filter((finding) => !refusedPaths.has(finding.path));
  const findings = [...refused, ...own];
  if (!isRecord(value)) return findings;
  const open: Open[] = [{ list: value.do, path: '/do' }];
  const functions = isRecord(value.use) && isRecord(value.use.functions) ? Object.entries(value.use.functions) : [];
  for (const [name, task] of functions) open.push({ task, path: `/use/functions/${escapePointer(name)}` });
  let count = 0;
  while (open.length > 0 && findings.length < MAX_PROBLEMS) {
    const next = open.shift()!;
    if ('list' in next) {
      const items = listItems(next.list, next.path, findings);
      open.unshift(...items);
      continue;
    }
    count += 1;
    if (count > MAX_TASKS)
      return [...findings, { path: next.path, at: 'key', message: `more than ${MAX_TASKS} tasks` }];
    findings.push(...taskFindings(next.task, next.path));
    open.unshift(...listsOf(next.task, next.path));
  }
  return findings;
}

/** The tasks of a list; what is no `- name: { ... }` becomes a finding. */
function listItems(list: unknown, path: string, findings: Finding[]): Open[] {
  if (!Array.isArray(list)) return [];
  if (list.length > MAX_TASKS) {
    findings.push({ path, at: 'key', message: `more than ${MAX_TASKS} tasks` });
    return [];
  }
  return list.flatMap((item: unknown, index): Open[] => {
    const here = `${path}/${index}`;
    const names = isRecord(item) ? Object.keys(item) : [];
    if (!isRecord(item) || names[0] === undefined) {
      findings.push({ path: here, at: 'value', message: 'expected a task: `- name: { ... }`' });
      return [];
    }
    if (names[1] !== undefined) {
      const message = `an item of a list holds one task: write \`- ${names[1]}:\` for the next, or indent it below \`${names[0]}\``;
      findings.push({ path: `${here}/${escapePointer(names[1])}`, at: 'key', message });
      return [];
    }
    if (names[0] === '' || names[0].length > 200) {
      findings.push({ path: here, at: 'value', message: 'a task name has 1 to 200 characters' });
    }
    return [{ task: item[names[0]], path: `${here}/${escapePointer(names[0])}` }];
  });
}

function taskFindings(task: unknown, path: string): Finding[] {
  if (!isRecord(task))
    return [
      { path, at: 'value', message: 'expected a task: an object such as `{ call: browser.click, with: { ... } }`' },
    ];
  const refused = refusedTask(task, path);
  if (refused !== null) return [refused];
  const kinds = kindsOf(task);
  const [kind, second] = kinds;
  if (kind === undefined) return [withoutKind(task, path)];
  if (second !== undefined) {
    const message = `a task is of one kind, not both \`${kind}\` and \`${second}\``;
    return [{ path: `${path}/${second}`, at: 'key', message }];
  }
  return schemaFindings(schemaFor(kind, task), task, path);
}

function kindsOf(task: Readonly<Record<string, unknown>>): tasks.TaskKind[] {
  const kinds = tasks.TASK_KINDS.filter((kind) => Object.hasOwn(task, kind));
  return kinds.includes('for') ? kinds.filter((kind) => kind !== 'do') : kinds;
}

function withoutKind(task: Readonly<Record<string, unknown>>, path: string): Finding {
  const strange = Object.keys(task).filter((key) => !(key in tasks.DoTask.shape));
  const sentence = `this task does nothing: expected one of ${tasks.TASK_KINDS.map((kind) => `\`${kind}\``).join(', ')}`;
  const key = strange[0];
  return key === undefined
    ? { path, at: 'key', message: sentence }
    : unknown(`${path}/${escapePointer(key)}`, 'key', `there is no kind of task \`${key}\``, key, tasks.TASK_KINDS);
}

function schemaFor(
  kind: tasks.TaskKind,
  task: Readonly<Record<string, unknown>>,
): (typeof TASK_SCHEMAS)[keyof typeof TASK_SCHEMAS] {
  if (kind !== 'call') return TASK_SCHEMAS[kind];
  return task.call === 'http' ? TASK_SCHEMAS.http : task.call === 'openapi' ? TASK_SCHEMAS.openapi : TASK_SCHEMAS.call;
}

/** The schema of each kind of task; calls have three. */
export const TASK_SCHEMAS = {
  http: tasks.HttpCallTask,
  openapi: tasks.OpenApiCallTask,
  call: tasks.FunctionCallTask,
  do: tasks.DoTask,
  emit: tasks.EmitTask,
  for: tasks.ForTask,
  fork: tasks.ForkTask,
  raise: tasks.RaiseTask,
  run: tasks.RunTask,
  set: tasks.SetTask,
  switch: tasks.SwitchTask,
  try: tasks.TryTask,
  wait: tasks.WaitTask,
} as const;

/** The lists inside a task that may be malformed otherwise. */
function listsOf(task: unknown, path: string): Open[] {
  if (!isRecord(task)) return [];
  const fork = isRecord(task.fork) ? task.fork.branches : undefined;
  const handler = isRecord(task.catch) ? task.catch.do : undefined;
  return [
    { list: task.do, path: `${path}/do` },
    { list: fork, path: `${path}/fork/branches` },
    { list: task.try, path: `${path}/try` },
    { list: handler, path: `${path}/catch/do` },
  ];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
