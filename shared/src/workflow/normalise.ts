/**
 * The form of a document that is stored and sent to agents: every call of the catalogue by its exact reference, so
 * that a newer step never changes a saved workflow. Everything else stays as it was written.
 */
import { resolveCall } from './call-target.ts';
import { exactReference } from './catalog/index.ts';
import type { Workflow } from './document.ts';
import { callOf, classify, type Task, type TaskList } from './task.ts';

/** A copy of a validated document with pinned calls. Normalising it again changes nothing. */
export function normalise(document: Workflow): Workflow {
  const functions = document.use?.functions;
  return {
    ...document,
    ...(functions === undefined ? {} : { use: { ...document.use, functions: mapTasks(functions, document) } }),
    do: normaliseList(document.do, document),
  };
}

function normaliseList(list: TaskList, document: Workflow): TaskList {
  return list.map((item) => mapTasks(item, document));
}

function mapTasks(tasks: Readonly<Record<string, Task>>, document: Workflow): Record<string, Task> {
  return Object.fromEntries(Object.entries(tasks).map(([name, task]) => [name, normaliseTask(task, document)]));
}

function normaliseTask(task: Task, document: Workflow): Task {
  const classified = classify(task);
  switch (classified.kind) {
    case 'call': {
      const call = callOf(classified.task);
      const target = call.to === 'function' ? resolveCall(document, call.reference) : null;
      return target?.kind === 'step' ? ({ ...classified.task, call: exactReference(target.step) } as Task) : task;
    }
    case 'do':
    case 'for':
      return { ...classified.task, do: normaliseList(classified.task.do, document) };
    case 'fork': {
      const { fork } = classified.task;
      return { ...classified.task, fork: { ...fork, branches: normaliseList(fork.branches, document) } };
    }
    case 'try': {
      const { try: body, catch: handler } = classified.task;
      const inner = handler.do === undefined ? {} : { do: normaliseList(handler.do, document) };
      return { ...classified.task, try: normaliseList(body, document), catch: { ...handler, ...inner } };
    }
    default:
      return task;
  }
}
