/** Names that must lead somewhere: task names, `then`, and everything that points into `use`. */
import type { Workflow } from './document.ts';
import { type Finding, unknown } from './problem.ts';
import { classify, type Task, type TaskList } from './task.ts';
import { allTasks, entriesOf, escapePointer, innerLists } from './task-list.ts';

/** What `then` may say besides the name of a task in the same list. */
export const FLOW_DIRECTIVES = ['continue', 'exit', 'end'] as const;

/** Doubled task names, and `then` that names no task of its list. */
export function flowFindings(document: Workflow): Finding[] {
  const tasks = [...allTasks(document)];
  const inner = tasks.flatMap(({ task, path }) => innerLists(task, path));
  const functions = tasks.filter(({ path }) => /^\/use\/functions\/[^/]+$/.test(path));
  return [
    ...listFindings(document.do, '/do', false),
    ...inner.flatMap(({ list, path, role }) => listFindings(list, path, role === 'branches')),
    ...functions.flatMap(({ task, path }) => thenFindings(task, path, new Set())),
  ];
}

function listFindings(list: TaskList, path: string, parallel: boolean): Finding[] {
  const entries = entriesOf(list, path);
  const names = new Set<string>();
  const doubled = entries.flatMap(({ name, path: at }): Finding[] => {
    if (!names.has(name)) {
      names.add(name);
      return [];
    }
    return [{ path: at, at: 'key', message: `two tasks of this list are called \`${name}\`` }];
  });
  const reachable = parallel ? new Set<string>() : names;
  return [...doubled, ...entries.flatMap((entry) => thenFindings(entry.task, entry.path, reachable))];
}

function thenFindings(task: Task, path: string, names: ReadonlySet<string>): Finding[] {
  return thensOf(task, path).flatMap(({ then, at }) => {
    if ((FLOW_DIRECTIVES as readonly string[]).includes(then) || names.has(then)) return [];
    return [unknown(at, 'value', `there is no task \`${then}\` in this list`, then, [...names, ...FLOW_DIRECTIVES])];
  });
}

/** Every `then` that decides what follows the task in its own list. */
export function thensOf(task: Task, path: string): { readonly then: string; readonly at: string }[] {
  const classified = classify(task);
  const found = task.then === undefined ? [] : [{ then: task.then, at: `${path}/then` }];
  if (classified.kind === 'try' && classified.task.catch.then !== undefined) {
    found.push({ then: classified.task.catch.then, at: `${path}/catch/then` });
  }
  if (classified.kind !== 'switch') return found;
  const cases = classified.task.switch.flatMap((item, index) =>
    Object.entries(item).map(([name, { then }]) => ({
      then,
      at: `${path}/switch/${index}/${escapePointer(name)}/then`,
    })),
  );
  return [...found, ...cases];
}

/** A name that points into `use`. */
interface Reference {
  readonly into: 'timeouts' | 'retries' | 'errors' | 'authentications' | 'secrets';
  readonly name: string;
  readonly path: string;
}

/** References to what `use` does not define. */
export function useFindings(document: Workflow): Finding[] {
  return useReferences(document).flatMap(({ into, name, path }) => {
    const defined = into === 'secrets' ? (document.use?.secrets ?? []) : Object.keys(document.use?.[into] ?? {});
    if (defined.includes(name)) return [];
    return [unknown(path, 'value', `\`use.${into}\` has no \`${name}\``, name, defined)];
  });
}

/** Every name that points into `use`, in the order of the text. */
export function useReferences(document: Workflow): Reference[] {
  const found: Reference[] = [];
  if (typeof document.timeout === 'string') found.push({ into: 'timeouts', name: document.timeout, path: '/timeout' });
  for (const [name, policy] of Object.entries(document.use?.authentications ?? {})) {
    found.push(...authentication(policy, `/use/authentications/${escapePointer(name)}`));
  }
  for (const { task, path } of allTasks(document)) found.push(...taskReferences(task, path));
  return found;
}

function taskReferences(task: Task, path: string): Reference[] {
  const found: Reference[] = [];
  if (typeof task.timeout === 'string') found.push({ into: 'timeouts', name: task.timeout, path: `${path}/timeout` });
  const classified = classify(task);
  if (classified.kind === 'try' && typeof classified.task.catch.retry === 'string') {
    found.push({ into: 'retries', name: classified.task.catch.retry, path: `${path}/catch/retry` });
  }
  if (classified.kind === 'raise' && typeof classified.task.raise.error === 'string') {
    found.push({ into: 'errors', name: classified.task.raise.error, path: `${path}/raise/error` });
  }
  if (classified.kind === 'call' && classified.task.with !== undefined) {
    const { endpoint, document, authentication: own } = classified.task.with as Readonly<Record<string, unknown>>;
    found.push(...authentication(member(endpoint, 'authentication'), `${path}/with/endpoint/authentication`));
    const ofDocument = member(member(document, 'endpoint'), 'authentication');
    found.push(...authentication(ofDocument, `${path}/with/document/endpoint/authentication`));
    if (classified.task.call === 'openapi') found.push(...authentication(own, `${path}/with/authentication`));
  }
  return found;
}

/** `{ use: name }` names a policy; `{ basic: { use: name } }` names a secret with that policy's members. */
function authentication(policy: unknown, path: string): Reference[] {
  if (typeof policy !== 'object' || policy === null) return [];
  const direct = member(policy, 'use');
  if (typeof direct === 'string') return [{ into: 'authentications', name: direct, path: `${path}/use` }];
  return Object.entries(policy).flatMap(([scheme, inner]: [string, unknown]): Reference[] => {
    const secret = member(inner, 'use');
    return typeof secret === 'string' ? [{ into: 'secrets', name: secret, path: `${path}/${scheme}/use` }] : [];
  });
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined;
}
