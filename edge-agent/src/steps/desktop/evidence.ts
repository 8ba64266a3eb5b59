/**
 * What is kept of a step for the run's record: pictures with the fields that hold secrets painted over, and the accessibility
 * tree; each always, on failure, or never, as the document says. Taking it never makes a step worse: what cannot be taken is
 * logged and left out. While a secret is used nothing is taken.
 */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { selectorFor, snapshotOf } from '../../desktop/index.ts';
import type { ArtifactAbout, StepContext } from '../../engine/index.ts';
import { untilAborted } from '../browser/within.ts';
import { coversEveryField, maskedPicture, toPng, wholeScreen } from './picture.ts';
import type { DesktopSession } from './session.ts';

/** A run that retries a failing step for hours keeps the evidence of the first failures. */
const MAX_FAILURES_PER_RUN = 20;
/** Evidence of steps that succeed ends at so many files or bytes of a run; that of failures goes on. */
const MAX_FILES_PER_RUN = 5_000;
const MAX_BYTES_PER_RUN = 500 * 2 ** 20;
const TREE_LENGTH = 1_000_000;
/** The engine leaves a step behind 5 s after its deadline. */
const TAKING_MS = 3_000;

/** What a run has kept so far. */
interface Tally {
  failures: number;
  files: number;
  bytes: number;
}
const tallies = new WeakMap<Map<string, unknown>, Tally>();

/** Before a step acts: a picture, where every step is to have one. */
export async function evidenceBefore(context: StepContext, session: DesktopSession): Promise<void> {
  if (isWanted(context, 'screenshots', false) && hasRoom(context)) await keep(context, session, ['before.png']);
}

/** When a step has ended. */
export async function evidenceAfter(context: StepContext, session: DesktopSession, failed: boolean): Promise<void> {
  const tally = tallyOf(context);
  if (failed) tally.failures += 1;
  if (failed ? tally.failures > MAX_FAILURES_PER_RUN : !hasRoom(context)) return;
  const names = [
    ...(isWanted(context, 'screenshots', failed) ? ['after.png'] : []),
    ...(isWanted(context, 'accessibility', failed) ? ['snapshot.txt'] : []),
  ];
  await keep(context, session, names);
}

/** What the policy keeps on the premises is not made at all. */
function isWanted(context: StepContext, kind: 'screenshots' | 'accessibility', failed: boolean): boolean {
  const when = context.evidence[kind];
  if (context.usesSecret || when === 'never' || (when === 'onFailure' && !failed)) return false;
  return context.policy.evidence(kind === 'screenshots' ? 'screenshot' : 'snapshot') !== 'none';
}

async function keep(context: StepContext, session: DesktopSession, names: readonly string[]): Promise<void> {
  if (names.length === 0 || session.isGone) return;
  const step = nameOf(context.position);
  const folder = join(context.runFolder, 'evidence', step);
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(TAKING_MS)]);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (const name of names) {
      const isPicture = name.endsWith('.png');
      const making = isPicture ? picture(context, session, signal) : tree(session, signal);
      const content = await untilAborted(signal, making);
      const path = join(folder, name);
      await writeFile(path, content, { mode: 0o600 });
      const tally = tallyOf(context);
      tally.files += 1;
      tally.bytes += content.length;
      const about: ArtifactAbout = isPicture
        ? { name: `steps/${step}/${name}`, kind: 'screenshot', mediaType: 'image/png' }
        : { name: `steps/${step}/${name}`, kind: 'snapshot', mediaType: 'text/plain' };
      await context.artifact(path, { ...about, ...(isPicture && coversEveryField(context) ? { masked: true } : {}) });
    }
  } catch (error) {
    const why = session.memory.scrub(error instanceof Error ? error.message : String(error)).split('\n', 1)[0];
    await context.log('warn', `EVIDENCE_DROPPED: not all of steps/${step} could be kept: ${why}`);
  }
}

async function picture(context: StepContext, session: DesktopSession, signal: AbortSignal): Promise<Buffer> {
  return toPng(await maskedPicture(context, session, await wholeScreen(session), signal));
}

/** The tree of the run's windows, a selector a line; what fields hold is not in it. */
async function tree(session: DesktopSession, signal: AbortSignal): Promise<Buffer> {
  const nodes = await snapshotOf(session.driver.elements, await session.windows(), { hidden: false, signal });
  const lines = nodes.map(
    (node) => `${'  '.repeat(node.ancestors.length)}${selectorFor(node, nodes) ?? node.element.roles[0]}`,
  );
  return Buffer.from(`${session.memory.scrub(lines.join('\n')).slice(0, TREE_LENGTH)}\n`);
}

function tallyOf(context: StepContext): Tally {
  const known = tallies.get(context.session) ?? { failures: 0, files: 0, bytes: 0 };
  tallies.set(context.session, known);
  return known;
}

function hasRoom(context: StepContext): boolean {
  const { files, bytes } = tallyOf(context);
  return files < MAX_FILES_PER_RUN && bytes < MAX_BYTES_PER_RUN;
}

/** Readable, fit for every file system, and different for different positions. */
function nameOf(position: string): string {
  const readable = position
    .replaceAll(/[^\w.-]+/g, '-')
    .replaceAll(/^[.-]+|[.-]+$/g, '')
    .slice(-80);
  return `${readable}-${createHash('sha256').update(position).digest('hex').slice(0, 8)}`;
}
