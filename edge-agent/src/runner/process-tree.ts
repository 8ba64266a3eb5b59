/**
 * Ends a worker with everything it started, and nothing else. A worker leads its own process group; a browser makes
 * itself another one, so its tree is found by three ways: the group, the children of children (a worker takes in the
 * orphans below it), and a random marker in the environment that everything below a worker inherits. A pid is trusted only
 * together with the kernel's start time of the process: pids are used again.
 *
 * On Windows a worker is put into a job object before it is told to do anything, and all that it starts is born into it.
 * The agent holds the job: when the agent is gone, however that went, so is everything in it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import type { WorkerRecord } from '../outbox/index.ts';
import { JobObject } from '../windows/index.ts';

/** The name of the environment variable that carries the marker. */
export const MARKER_VARIABLE = 'CASARE_WORKER_MARKER';
/** Passes over /proc: a process may start another while its own end is under way. */
const PASSES = 5;

/** Start time of a process in clock ticks since boot; 0 where the system does not tell, null when there is none. */
export function startTicksOf(pid: number): number | null {
  if (process.platform !== 'linux') return isAlive(pid) ? 0 : null;
  return readStat(pid)?.startTicks ?? null;
}

/** The process that started a process, or has adopted it; null when there is none. */
export function parentOf(pid: number): number | null {
  return readStat(pid)?.parent ?? null;
}

/** Of the workers of this process, by their markers. On Windows only. */
const jobs = new Map<string, JobObject>();

/**
 * Takes hold of a worker that has just been started and was told nothing yet, so that `killTree` finds all that it will
 * start. @throws Error where Windows refuses: the worker must not be used
 */
export function holdTree(worker: Pick<WorkerRecord, 'pid' | 'marker'>): void {
  if (process.platform !== 'win32' || worker.pid === 0) return;
  const job = new JobObject();
  jobs.set(worker.marker, job);
  job.add(worker.pid);
}

/** Kills a worker's whole tree, when it still exists; answers how many processes were killed. */
export function killTree(worker: WorkerRecord): number {
  if (process.platform === 'win32') {
    // Of a worker of an earlier agent nothing is left, and its number may be another's by now.
    const job = jobs.get(worker.marker);
    jobs.delete(worker.marker);
    job?.end();
    return job === undefined ? 0 : 1;
  }
  const killed = new Set<number>();
  for (let pass = 0; pass < PASSES; pass += 1) {
    const found = treeOf(worker).filter((pid) => !killed.has(pid));
    if (found.length === 0) break;
    for (const pid of found) {
      signal(pid);
      killed.add(pid);
    }
  }
  return killed.size;
}

/** Kills whatever carries this variable with this value in its environment, with its descendants; `spared` lives on. */
export function killMarked(variable: string, value: string, spared?: number): void {
  for (let pass = 0; pass < PASSES; pass += 1) {
    const processes = listProcesses();
    const marked = processes.filter((entry) => entry.pid !== spared && carries(entry.pid, variable, value));
    const members = withDescendants(new Set(marked.map((entry) => entry.pid)), processes);
    if (spared !== undefined) members.delete(spared);
    if (members.size === 0) return;
    for (const pid of members) signal(pid);
  }
}

/**
 * Workers of a home, with what they started, that neither its agent nor a worker host stands over; `agent` is the agent's
 * process, null when none runs.
 */
export function leftoverWorkers(home: string, agent: number | null): number[] {
  const processes = listProcesses();
  const parents = new Map(processes.map(({ pid, parent }) => [pid, parent]));
  const isKept = (pid: number): boolean => {
    const seen = new Set<number>();
    for (let above: number | undefined = pid; above !== undefined && !seen.has(above); above = parents.get(above)) {
      if (above === agent || isWorkerHost(above)) return true;
      seen.add(above);
    }
    return false;
  };
  return workersOf(home)
    .map(({ pid }) => pid)
    .filter((pid) => pid !== process.pid && !isKept(pid));
}

/** Processes that carry the marks of a worker of this home; empty where the system does not tell. */
export function workersOf(home: string): { readonly pid: number; readonly parent: number }[] {
  return listProcesses()
    .filter(({ pid }) => isMarked(pid, home))
    .map(({ pid, parent }) => ({ pid, parent }));
}

/** Kills processes with all that is below them. */
export function killAllBelow(pids: readonly number[]): void {
  for (const pid of withDescendants(new Set(pids), listProcesses())) signal(pid);
}

/** Everything that belongs to the worker: itself, its group, its descendants, whoever carries its marker. */
export function treeOf(worker: WorkerRecord): number[] {
  const isWorker = worker.pid > 1 && startTicksOf(worker.pid) === worker.startTicks;
  const processes = listProcesses();
  const members = new Set(
    processes.filter(({ pid }) => carries(pid, MARKER_VARIABLE, worker.marker)).map(({ pid }) => pid),
  );
  if (isWorker) members.add(worker.pid);
  return [...withDescendants(members, processes, (entry) => isWorker && entry.group === worker.pid)];
}

/** Adds whoever was started by a member, and whoever else `belongs`; this process never does. */
function withDescendants(
  members: Set<number>,
  processes: readonly Entry[],
  belongs: (entry: Entry) => boolean = () => false,
): Set<number> {
  let before = -1;
  while (members.size !== before) {
    before = members.size;
    for (const entry of processes) {
      if (entry.pid !== process.pid && (belongs(entry) || members.has(entry.parent))) members.add(entry.pid);
    }
  }
  members.delete(process.pid);
  return members;
}

interface Entry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly startTicks: number;
  /** It has ended with all its threads, and its parent has not taken note. */
  readonly isOver: boolean;
}

function listProcesses(): Entry[] {
  return listStats().filter(({ isOver }) => !isOver);
}

/** All processes that /proc shows, also those that are over. */
export function listStats(): Entry[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((name) => statOf(Number(name)))
      .filter((entry) => entry !== null);
  } catch {
    return [];
  }
}

function readStat(pid: number): Entry | null {
  const entry = statOf(pid);
  return entry?.isOver === false ? entry : null;
}

/**
 * Fields 3, 4, 5, 20 and 22 of /proc/PID/stat (proc(5)); the name in field 2 may hold spaces and parentheses. A process whose
 * first thread alone has ended has the state of one that is over.
 */
export function statOf(pid: number): Entry | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const numbers = [fields[1], fields[2], fields[17], fields[19]].map(Number);
    const [parent, group, threads, startTicks] = numbers as [number, number, number, number];
    return { pid, parent, group, startTicks, isOver: fields[0] === 'Z' && threads <= 1 };
  } catch {
    return null;
  }
}

function isMarked(pid: number, home: string): boolean {
  try {
    const variables = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
    return (
      variables.includes(`CASARE_HOME=${home}`) && variables.some((text) => text.startsWith(`${MARKER_VARIABLE}=`))
    );
  } catch {
    return false;
  }
}

function isWorkerHost(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0').includes('worker-host');
  } catch {
    return false;
  }
}

function carries(pid: number, variable: string, value: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(`${variable}=${value}`);
  } catch {
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function signal(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it has ended by itself
  }
}
