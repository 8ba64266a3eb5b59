/**
 * How much evidence a run keeps, what of it is wanted, and what it is called: one count for all families of steps, so that a
 * run that uses two of them is bounded as one that uses one.
 */
import { createHash } from 'node:crypto';
import { lostLine } from '@casare/shared/record';
import type { EvidenceRules } from '@casare/shared/workflow';
import type { EvidenceKind, StepContext } from '../engine/index.ts';

/** A run that retries a failing step for hours keeps the evidence of the first failures. */
const MAX_FAILURES_PER_RUN = 20;
/** Evidence of steps that succeed ends at so many files or bytes of a run; that of failures goes on. */
const MAX_FILES_PER_RUN = 5_000;
const MAX_BYTES_PER_RUN = 200 * 2 ** 20;

/** What a document asks for, in the words of the agent's policy. */
const KINDS: Readonly<Record<keyof EvidenceRules, EvidenceKind>> = {
  screenshots: 'screenshot',
  trace: 'trace',
  network: 'network',
  console: 'console',
  accessibility: 'snapshot',
};

/** What a run has kept so far. */
interface Tally {
  failures: number;
  files: number;
  bytes: number;
  /** Which bounds the run's log has told of. */
  readonly told: Set<string>;
}
const tallies = new WeakMap<Map<string, unknown>, Tally>();

/** Whether the document asks for it; what the policy keeps on the premises is not made at all. */
export function isWanted({ evidence, policy }: StepContext, kind: keyof EvidenceRules, failed: boolean): boolean {
  const when = evidence[kind];
  if (when === 'never' || (when === 'onFailure' && !failed)) return false;
  return policy.evidence(KINDS[kind]) !== 'none';
}

/** Whether a step that goes well may keep more. */
export function hasRoom(context: StepContext): boolean {
  const { files, bytes } = tallyOf(context);
  return files < MAX_FILES_PER_RUN && bytes < MAX_BYTES_PER_RUN;
}

/** Whether a step that has ended so may keep more; counts failures. The first step that may not is told of in the log. */
export async function mayKeep(context: StepContext, failed: boolean): Promise<boolean> {
  const tally = tallyOf(context);
  if (failed) tally.failures += 1;
  if (failed ? tally.failures <= MAX_FAILURES_PER_RUN : hasRoom(context)) return true;
  const bound = failed
    ? `a run keeps the evidence of its first ${MAX_FAILURES_PER_RUN} failures, and none of this and later ones`
    : `a run keeps ${MAX_FILES_PER_RUN} files or ${MAX_BYTES_PER_RUN} bytes of evidence of steps that succeed, and none of this and later ones`;
  const isWantedAtAll = (Object.keys(KINDS) as (keyof EvidenceRules)[]).some((kind) => isWanted(context, kind, failed));
  if (!isWantedAtAll || tally.told.has(bound)) return false;
  tally.told.add(bound);
  await noteNotKept(context, 'evidence', bound, 'EVIDENCE_LIMIT');
  return false;
}

/** Tells in the run's log that a file of the step's evidence is not there, so that its record shows the gap. */
export async function noteNotKept(
  context: StepContext,
  file: string,
  why: string,
  code = 'EVIDENCE_DROPPED',
): Promise<void> {
  const { position } = context;
  await context.log('warn', lostLine({ code, name: `steps/${folderOf(position)}/${file}`, position, why }));
}

/** A file was kept. */
export function count(context: StepContext, bytes: number): void {
  const tally = tallyOf(context);
  tally.files += 1;
  tally.bytes += bytes;
}

/** The folder of a step's evidence: readable, fit for every file system, and different for different positions. */
export function folderOf(position: string): string {
  const readable = position
    .replaceAll(/[^\w.-]+/g, '-')
    .replaceAll(/^[.-]+|[.-]+$/g, '')
    .slice(-80);
  return `${readable}-${createHash('sha256').update(position).digest('hex').slice(0, 8)}`;
}

function tallyOf({ session }: StepContext): Tally {
  const known = tallies.get(session) ?? { failures: 0, files: 0, bytes: 0, told: new Set<string>() };
  tallies.set(session, known);
  return known;
}
