/** What the standard has and Casare refuses, with the reason a person reads at its line. */
import type { Finding } from './problem.ts';

const CALLS: Readonly<Record<string, string>> = {
  grpc: '`call: grpc` is not supported: call the system by `http` or `openapi`',
  asyncapi: '`call: asyncapi` is not supported: call the system by `http` or `openapi`',
  a2a: '`call: a2a` is not supported',
  mcp: '`call: mcp` is not supported',
};
const RUNS: Readonly<Record<string, string>> = {
  container: '`run.container` is refused: agents start no containers',
  script: '`run.script` is refused: use `set`, `for` and jq expressions, or a step of the catalogue',
  shell: '`run.shell` is refused: agents start no shells',
};
const NOT_AWAITED =
  '`run.await: false` is refused: what nobody waits for is a job of its own, with a record of its own';
const LISTEN = '`listen` is not supported yet: start the workflow by a webhook, or wait with `browser.waitFor`';
const TOP_LEVEL: readonly (readonly [path: readonly string[], message: string])[] = [
  [['schedule'], '`schedule` is not part of a document here: schedules are made in the control plane'],
  [['use', 'catalogs'], '`use.catalogs` is refused: only the `default` catalogue is supported'],
  [['use', 'extensions'], '`use.extensions` is not supported'],
  [
    ['document', 'metadata', 'rpa', 'workflows'],
    '`metadata.rpa.workflows` is filled in when the document is saved: name sub-workflows by `run.workflow`',
  ],
];

/** Refused members of the document itself. */
export function refusedTopLevel(document: unknown): Finding[] {
  return TOP_LEVEL.filter(([path]) => path.reduce(member, document) !== undefined).map(([path, message]) => ({
    path: `/${path.join('/')}`,
    at: 'key',
    message,
  }));
}

/** Why a task is refused, or `null`. */
export function refusedTask(task: Readonly<Record<string, unknown>>, path: string): Finding | null {
  if (Object.hasOwn(task, 'listen')) return { path: `${path}/listen`, at: 'key', message: LISTEN };
  const { call } = task;
  if (typeof call === 'string' && Object.hasOwn(CALLS, call)) {
    return { path: `${path}/call`, at: 'value', message: CALLS[call]! };
  }
  if (member(task.run, 'workflow') !== undefined && member(task.run, 'await') === false) {
    return { path: `${path}/run/await`, at: 'value', message: NOT_AWAITED };
  }
  const kind = Object.keys(RUNS).find((key) => member(task.run, key) !== undefined);
  return kind === undefined ? null : { path: `${path}/run/${kind}`, at: 'key', message: RUNS[kind]! };
}

function member(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[key];
}
