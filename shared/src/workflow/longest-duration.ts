/**
 * The longest time a document can take, by its own words: timeouts, waits, bounded loops. `null` means that nothing in
 * it sets a bound. A timeout bounds what is inside it, whatever that is.
 */
import { resolveCall } from './call-target.ts';
import type { Workflow } from './document.ts';
import { parseDuration } from './duration.ts';
import { thensOf } from './references.ts';
import { holding, referenceOf, subWorkflowsOf } from './sub-workflows.ts';
import { callOf, type CallTask, classify, type ForTask, type Task, type TaskList, type TryTask } from './task.ts';
import { entriesOf, escapePointer } from './task-list.ts';

/** Milliseconds, or `null` when unbounded. */
type Bound = number | null;

/** The bound of the whole run, milliseconds; `null` when it has none. Expects a validated document. */
export function longestDurationMs(document: Workflow): Bound {
  return boundOf(document, new Map());
}

/** `workflows`: the bounds of sub-workflows by reference, each found once however often it is run. */
function boundOf(document: Workflow, workflows: Map<string, Bound>): Bound {
  const functions = new Map<string, Bound>();
  return least(timeoutMs(document.timeout), ofList(document.do));

  function ofTask(task: Task): Bound {
    return least(timeoutMs(task.timeout), ofKind(task));
  }

  function ofKind(task: Task): Bound {
    const classified = classify(task);
    switch (classified.kind) {
      case 'call':
        return ofCall(classified.task);
      case 'do':
        return ofList(classified.task.do);
      case 'for':
        return ofLoop(classified.task);
      case 'fork':
        return branches(classified.task.fork.branches).reduce<Bound>(greatest, 0);
      case 'try':
        return ofTry(classified.task);
      case 'wait':
        return parseDuration(classified.task.wait);
      case 'run':
        return ofSubWorkflow(referenceOf(classified.task));
      default:
        return 0;
    }
  }

  function ofSubWorkflow(reference: string): Bound {
    const found = subWorkflowsOf(document)[reference];
    if (found === undefined) return null;
    // One that runs itself (refused elsewhere) has none.
    if (!workflows.has(reference)) {
      workflows.set(reference, null);
      workflows.set(reference, boundOf(holding(found, document), workflows));
    }
    return workflows.get(reference) ?? null;
  }

  function ofList(list: TaskList): Bound {
    return jumpsBack(list) ? null : branches(list).reduce<Bound>(sum, 0);
  }

  function branches(list: TaskList): Bound[] {
    return entriesOf(list, '').map(({ task }) => ofTask(task));
  }

  function ofCall(task: CallTask): Bound {
    const call = callOf(task);
    const target = call.to === 'function' ? resolveCall(document, call.reference) : null;
    if (target?.kind === 'step') return target.step.defaultTimeoutMs;
    if (target?.kind !== 'function') return null;
    const { path, task: body } = target.entry;
    // A document may call one function often: its bound is found once. A cycle (refused elsewhere) has none.
    if (!functions.has(path)) {
      functions.set(path, null);
      functions.set(path, ofTask(body));
    }
    return functions.get(path) ?? null;
  }

  function ofLoop(task: ForTask): Bound {
    return Array.isArray(task.for.in) ? times(task.for.in.length, ofList(task.do)) : null;
  }

  function ofTry(task: TryTask): Bound {
    const { retry, do: handler = [] } = task.catch;
    const once = ofList(task.try);
    if (retry === undefined) return sum(once, ofList(handler));
    const policy = typeof retry === 'string' ? document.use?.retries?.[retry] : retry;
    const count = policy?.limit?.attempt?.count;
    const grows = policy?.backoff !== undefined && !('constant' in policy.backoff);
    if (policy === undefined || count === undefined || grows) return null;
    const pause = sum(parseDuration(policy.delay ?? 'PT0S'), parseDuration(policy.jitter?.to ?? 'PT0S'));
    return sum(sum(times(count + 1, once), times(count, pause)), ofList(handler));
  }

  function timeoutMs(timeout: Workflow['timeout']): Bound {
    const found = typeof timeout === 'string' ? document.use?.timeouts?.[timeout] : timeout;
    return found === undefined ? null : parseDuration(found.after);
  }
}

/** True when a `then` can lead to a task that already ran. */
function jumpsBack(list: TaskList): boolean {
  const entries = entriesOf(list, '');
  const indexes = new Map(entries.map(({ name, index }) => [name, index]));
  return entries.some(({ task, index, name }) =>
    thensOf(task, escapePointer(name)).some(({ then }) => (indexes.get(then) ?? Infinity) <= index),
  );
}

function sum(a: Bound, b: Bound): Bound {
  return a === null || b === null ? null : a + b;
}

function times(count: number, bound: Bound): Bound {
  return count === 0 ? 0 : bound === null ? null : count * bound;
}

function least(a: Bound, b: Bound): Bound {
  return a === null ? b : b === null ? a : Math.min(a, b);
}

function greatest(a: Bound, b: Bound): Bound {
  return a === null || b === null ? null : Math.max(a, b);
}
