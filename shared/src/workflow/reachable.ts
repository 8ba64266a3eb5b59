/**
 * The question behind the lost-lease decision (design section 6): after the last acknowledged record, may the silent
 * agent have started, or still start, a step that must not be repeated?
 *
 * The answer errs on the side of yes: conditions are not evaluated, loops and forks count as a whole while the run is
 * inside them, and a record that fits no task counts as being anywhere.
 */
import type { RunEvent, RunEventBody } from '../protocol/run-events.ts';
import { endsRun } from '../protocol/run-events.ts';
import { resolveCall } from './call-target.ts';
import type { Workflow } from './document.ts';
import { thensOf } from './references.ts';
import { isActing, restartOf } from './restart.ts';
import { holding, referenceOf, subWorkflowsOf } from './sub-workflows.ts';
import { classify, type Task, type TaskList } from './task.ts';
import { allTasks, entriesOf, innerLists, type TaskEntry } from './task-list.ts';

export interface Reach {
  /** True when an unsafe step is open or may come. */
  readonly reachable: boolean;
  /** Position of a step that was started, must not be repeated, and has no certain end; `null` when there is none. */
  readonly openUnsafe: string | null;
}

type Located = TaskEntry & { readonly ancestors: readonly TaskEntry[] };

/** `journal`: every acknowledged event of the job's generation, oldest first; empty for a run that only was assigned. */
export function unsafeReachable(document: Workflow, journal: readonly RunEvent[]): Reach {
  const bodies = journal.map((event) => event.body);
  const openUnsafe = openUnsafeStep(bodies);
  if (openUnsafe !== null) return { reachable: true, openUnsafe };
  const last = bodies.at(-1);
  if (last !== undefined && endsRun(last)) return { reachable: false, openUnsafe: null };
  const unsafe = unsafePaths(document);
  return { reachable: unsafe.size > 0 && mayReach(document, bodies, unsafe), openUnsafe: null };
}

/** A step is closed by a recorded end at its position, unless that end is a failure which may have acted. */
function openUnsafeStep(bodies: readonly RunEventBody[]): string | null {
  const open = new Set<string>();
  for (const body of bodies) {
    if (body.type === 'step.started' && body.onRestart === 'suspend') open.add(body.position);
    if (body.type === 'step.completed' || (body.type === 'step.failed' && body.certain)) open.delete(body.position);
  }
  return open.values().next().value ?? null;
}

/**
 * Paths of the tasks that must not be repeated, and of every task that holds or calls one. `known`: whether a sub-workflow
 * holds one, by reference, each looked at once.
 */
function unsafePaths(document: Workflow, known = new Map<string, boolean>()): ReadonlySet<string> {
  const tasks = [...allTasks(document)];
  const unsafe = new Set<string>();
  const mark = (entry: Located): void => [...entry.ancestors, entry].forEach(({ path }) => unsafe.add(path));
  for (const entry of tasks) if (isUnsafe(document, entry) || runsUnsafe(document, entry.task, known)) mark(entry);
  // Functions may call functions: repeat until nothing is new, at most once for each task.
  for (let before = -1; before !== unsafe.size;) {
    before = unsafe.size;
    for (const entry of tasks) if (unsafe.has(calledFunction(document, entry.task) ?? '')) mark(entry);
  }
  return unsafe;
}

function isUnsafe(document: Workflow, entry: Located): boolean {
  const enclosing = entry.ancestors.map((above) => above.task);
  return isActing(document, entry.task) && restartOf(document, entry.task, enclosing).onRestart === 'suspend';
}

/** A sub-workflow counts as a whole: where in it the run is, the record of its place does not tell. */
function runsUnsafe(document: Workflow, task: Task, known: Map<string, boolean>): boolean {
  const classified = classify(task);
  if (classified.kind !== 'run') return false;
  const reference = referenceOf(classified.task);
  const found = subWorkflowsOf(document)[reference];
  if (found !== undefined && !known.has(reference)) {
    // A document of another origin may hold one that runs itself: such a one is unsafe.
    known.set(reference, true);
    known.set(reference, unsafePaths(holding(found, document), known).size > 0);
  }
  return known.get(reference) ?? false;
}

function calledFunction(document: Workflow, task: Task): string | null {
  const classified = classify(task);
  const target = classified.kind === 'call' ? resolveCall(document, classified.task.call) : null;
  return target?.kind === 'function' ? target.entry.path : null;
}

function mayReach(document: Workflow, bodies: readonly RunEventBody[], unsafe: ReadonlySet<string>): boolean {
  const record = lastStepRecord(document, bodies);
  if (record === null) return listReaches(document.do, '/do', unsafe);
  const here = [...allTasks(document)].find((entry) => entry.path === record.path);
  // A path that is not in the document, such as of a sub-workflow, or in a function whose caller the path does not tell: anything may come.
  if (here === undefined || here.path.startsWith('/use/')) return true;
  if (record.type === 'step.started' && unsafe.has(here.path)) return true;
  return [...here.ancestors, here].some((entry, depth, chain) => {
    const parent = chain[depth - 1];
    return followersReach(document, entry, parent, unsafe);
  });
}

type StepRecord = Extract<RunEventBody, { type: `step.${string}` }>;

/** The last record of a step; `null` means that the run is at its start. */
function lastStepRecord(document: Workflow, bodies: readonly RunEventBody[]): StepRecord | null {
  const index = bodies.findLastIndex((body) => body.type.startsWith('step.'));
  // A retry goes back to whatever failed, and that may stand anywhere before the last record.
  const retried = bodies.some(({ type }) => type === 'run.failed' || type === 'run.timed_out');
  const restarted = bodies.findLastIndex((body) => body.type === 'run.started') > index;
  // A resumed run may go back to the start of a scope before it records a step.
  if (index === -1 || retried || (restarted && restartsScopes(document))) return null;
  return bodies[index] as StepRecord;
}

function restartsScopes(document: Workflow): boolean {
  return [...allTasks(document)].some(({ task, ancestors }) => {
    const enclosing = ancestors.map((above) => above.task);
    return restartOf(document, task, enclosing).onRestart === 'restartScope';
  });
}

/** May an unsafe task come after `entry` while its list, or the task around that list, goes on? */
function followersReach(
  document: Workflow,
  entry: TaskEntry,
  parent: TaskEntry | undefined,
  unsafe: ReadonlySet<string>,
): boolean {
  if (parent === undefined) return listReaches(document.do, '/do', unsafe, entry.index);
  const around = classify(parent.task);
  const repeats =
    around.kind === 'for' || around.kind === 'fork' || (around.kind === 'try' && around.task.catch.retry !== undefined);
  if (repeats) return unsafe.has(parent.path);
  const lists = innerLists(parent.task, parent.path);
  const own = lists.find(({ path }) => entry.path.startsWith(`${path}/`));
  if (own !== undefined && listReaches(own.list, own.path, unsafe, entry.index)) return true;
  // An error in what is tried leads to the handler.
  return (
    own?.role === 'try' && lists.some(({ role, list, path }) => role === 'catch' && listReaches(list, path, unsafe))
  );
}

/** Is an unsafe task among those of the list that may follow the task at `after` (from the start when absent)? */
function listReaches(list: TaskList, path: string, unsafe: ReadonlySet<string>, after?: number): boolean {
  const entries = entriesOf(list, path);
  const open = after === undefined ? [0] : successors(entries, after);
  const seen = new Set<number>();
  while (open.length > 0) {
    const index = open.pop()!;
    const entry = entries[index];
    if (entry === undefined || seen.has(index)) continue;
    if (unsafe.has(entry.path)) return true;
    seen.add(index);
    open.push(...successors(entries, index));
  }
  return false;
}

/** Indexes of the tasks that may follow one in its list. */
function successors(entries: readonly TaskEntry[], index: number): number[] {
  const entry = entries[index];
  if (entry === undefined) return [];
  const { task, path } = entry;
  const jumps = thensOf(task, path).flatMap(({ then }) => entries.filter(({ name }) => name === then));
  const kind = classify(task).kind;
  const always = task.then !== undefined && task.then !== 'continue' && task.if === undefined;
  // A skipped task, an unmatched switch and a caught error go on as if there were no `then`.
  const next = always && kind !== 'switch' && kind !== 'try' ? [] : [index + 1];
  return [...jumps.map((target) => target.index), ...next];
}
