/** Walking task lists. A task's path is its JSON Pointer in the document: `/do/0/open`, `/do/1/fetch/try/0/list`. */
import type { Workflow } from './document.ts';
import { classify, type Task, type TaskList } from './task.ts';

/** A task where it stands. */
export interface TaskEntry {
  readonly name: string;
  readonly task: Task;
  /** JSON Pointer of the task in the document. */
  readonly path: string;
  /** Its index in its list, from 0. */
  readonly index: number;
}

/** A list inside a task. `branches` run at the same time, every other list in order. */
export interface InnerList {
  readonly role: 'do' | 'branches' | 'try' | 'catch';
  readonly list: TaskList;
  readonly path: string;
}

/** The tasks of a list in order. `at` is the list's own JSON Pointer, such as `/do`. */
export function entriesOf(list: TaskList, at: string): TaskEntry[] {
  return list.flatMap((item, index) =>
    Object.entries(item).map(([name, task]) => ({ name, task, index, path: `${at}/${index}/${escapePointer(name)}` })),
  );
}

/** The lists inside a task, in the order they stand in it. `at` is the task's JSON Pointer. */
export function innerLists(task: Task, at: string): InnerList[] {
  const classified = classify(task);
  switch (classified.kind) {
    case 'do':
    case 'for':
      return [{ role: 'do', list: classified.task.do, path: `${at}/do` }];
    case 'fork':
      return [{ role: 'branches', list: classified.task.fork.branches, path: `${at}/fork/branches` }];
    case 'try': {
      const handler = classified.task.catch.do;
      const body: InnerList = { role: 'try', list: classified.task.try, path: `${at}/try` };
      return handler === undefined ? [body] : [body, { role: 'catch', list: handler, path: `${at}/catch/do` }];
    }
    default:
      return [];
  }
}

/** Every task of the document, outer before inner, those of `use.functions` after those of `do`. */
export function* allTasks(document: Workflow): Generator<TaskEntry & { readonly ancestors: readonly TaskEntry[] }> {
  yield* walk(entriesOf(document.do, '/do'), []);
  const functions = Object.entries(document.use?.functions ?? {});
  yield* walk(
    functions.map(([name, task], index) => ({ name, task, index, path: `/use/functions/${escapePointer(name)}` })),
    [],
  );
}

/** One token of a JSON Pointer (RFC 6901, section 3). */
export function escapePointer(token: string): string {
  return token.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** The tokens of a JSON Pointer (RFC 6901, section 4). */
export function pointerTokens(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function* walk(
  entries: readonly TaskEntry[],
  ancestors: readonly TaskEntry[],
): Generator<TaskEntry & { readonly ancestors: readonly TaskEntry[] }> {
  for (const entry of entries) {
    yield { ...entry, ancestors };
    for (const inner of innerLists(entry.task, entry.path)) {
      yield* walk(entriesOf(inner.list, inner.path), [...ancestors, entry]);
    }
  }
}
