/**
 * Judges a history: 0 lost, 0 recorded twice, 0 stuck, nothing done twice without a person's word, no answer that goes back.
 * Pure: the same lines, the same verdict.
 */
import type { JobState } from '@casare/shared/api';
import type { Line } from './history.ts';

export type Kind =
  /** An acknowledged job is not there at the end, or what it said it did was never done. */
  | 'lost'
  /** One submit made two jobs, a generation ended twice, a step was completed twice on record. */
  | 'recorded twice'
  /** Not over at the end. */
  | 'stuck'
  /** More acts outside than a person's word allows. */
  | 'done twice'
  /** An answer that contradicts an earlier one. */
  | 'went back'
  /** A person was asked, and not told why. */
  | 'unexplained';

export interface Violation {
  readonly kind: Kind;
  readonly what: string;
  /** Of the history, those that show it. */
  readonly lines: readonly Line[];
}

type Of<T extends Line['type']> = Extract<Line, { type: T }>;

const OVER: ReadonlySet<JobState> = new Set(['succeeded', 'failed', 'timed_out', 'cancelled']);
/** Of one violation. */
const SHOWN_LINES = 40;

/** What is wrong with it; empty when nothing is. */
export function judge(history: readonly Line[]): Violation[] {
  const jobs = new Map<string, JobHistory>();
  const keys = new Map<string, KeyHistory>();
  const jobOf = (id: string): JobHistory => found(jobs, id, () => ({ lines: [], submitted: null, final: null }));
  const keyOf = (key: string): KeyHistory => found(keys, key, () => ({ lines: [], jobs: new Set<string>() }));
  for (const line of history) {
    if (line.type === 'fault') continue;
    if ('job' in line) jobOf(line.job).lines.push(line);
    if ('key' in line) keyOf(line.key).lines.push(line);
    if (line.type === 'submitted') jobOf(line.job).submitted = line;
    if (line.type === 'final') jobOf(line.job).final = line;
    if (line.type === 'submitted' || line.type === 'final') keyOf(line.key).jobs.add(line.job);
  }
  return [
    ...[...keys].flatMap(([key, of]) => judgeKey(key, of, jobs)),
    ...[...jobs].flatMap(([id, of]) => judgeJob(id, of)),
  ];
}

interface JobHistory {
  readonly lines: Line[];
  submitted: Of<'submitted'> | null;
  final: Of<'final'> | null;
}

interface KeyHistory {
  readonly lines: Line[];
  readonly jobs: Set<string>;
}

function judgeKey(key: string, { lines, jobs }: KeyHistory, all: ReadonlyMap<string, JobHistory>): Violation[] {
  const acts = lines.filter((line) => line.type === 'acted');
  if (jobs.size === 0) return [violation('lost', `${key} acted and is no job`, lines)];
  if (jobs.size > 1) return [violation('recorded twice', `${key} is ${jobs.size} jobs`, lines)];
  const job = all.get([...jobs][0]!)!;
  const shown = [...job.lines, ...acts];
  const allowed = 1 + job.lines.filter((line) => line.type === 'reviewed' && mayActAgain(line)).length;
  if (acts.length > allowed) {
    return [violation('done twice', `${key} acted ${acts.length} times, ${allowed} allowed`, shown)];
  }
  // A person who says that it succeeded vouches for it.
  const vouched = job.lines.some((line) => line.type === 'reviewed' && line.decision === 'succeed');
  if (
    job.submitted &&
    job.submitted.acts !== 'no' &&
    job.final?.state === 'succeeded' &&
    acts.length === 0 &&
    !vouched
  ) {
    return [violation('lost', `${key} succeeded and never acted`, shown)];
  }
  return [];
}

/** Only a retry does everything anew; one without an answer may have been taken. */
function mayActAgain(line: Of<'reviewed'>): boolean {
  return line.decision === 'retry' && line.taken !== false;
}

function judgeJob(id: string, { lines, final }: JobHistory): Violation[] {
  if (final === null) return [violation('lost', `${id} is not there at the end`, lines)];
  const found: Violation[] = [];
  if (!OVER.has(final.state)) found.push(violation('stuck', `${id} is ${final.state} at the end`, lines));
  const repeated = lines.filter((line) => line.type === 'repeated');
  if (repeated.length > 0) found.push(violation('recorded twice', `${id} has a step twice on record`, lines));
  const endings = lines.filter((line) => line.type === 'told' && OVER.has(line.state)).length;
  const retries = lines.filter((line) => line.type === 'reviewed' && mayActAgain(line)).length;
  if (endings > 1 + retries) found.push(violation('recorded twice', `${id} ended ${endings} times`, lines));
  if (wentBack(lines)) found.push(violation('went back', `${id} contradicts an earlier answer`, lines));
  if (unexplained(lines)) found.push(violation('unexplained', `${id} waits for a person and does not say why`, lines));
  return found;
}

/** Answers are compared when one was asked for after the other had come. */
function wentBack(lines: readonly Line[]): boolean {
  const answers = lines.filter((line) => line.type === 'answered' || line.type === 'final');
  return answers.some((later, index) =>
    answers.slice(0, index).some((earlier) => {
      if (later.type === 'answered' && later.asked < earlier.at) return false;
      if (later.generation !== earlier.generation) return later.generation < earlier.generation;
      if (later.attempt < earlier.attempt) return true;
      if (!OVER.has(earlier.state)) return later.state === 'pending' && later.attempt === 0 && earlier.attempt > 0;
      return later.state !== earlier.state || later.output !== earlier.output;
    }),
  );
}

/** In review by an answer or an event, and settled by a person without evidence. */
function unexplained(lines: readonly Line[]): boolean {
  const evidence = lines.filter((line) => line.type === 'evidence');
  const reviews = lines.filter((line) => line.type === 'reviewed' && line.taken === true);
  return (
    evidence.some(({ reason, attempt }) => reason.length === 0 || attempt === null) ||
    (reviews.length > 0 && evidence.length === 0)
  );
}

function violation(kind: Kind, what: string, lines: readonly Line[]): Violation {
  return { kind, what, lines: [...lines].sort((a, b) => a.at - b.at).slice(0, SHOWN_LINES) };
}

function found<V>(map: Map<string, V>, key: string, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}
