/**
 * What is kept of a step for the run's record: pictures with the fields that hold secrets painted over, and the accessibility
 * tree; each always, on failure, or never, as the document says. Taking it never makes a step worse: what cannot be taken is
 * logged and left out. While a secret is used nothing is taken.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { selectorFor, snapshotOf } from '../../desktop/index.ts';
import type { ArtifactAbout, StepContext } from '../../engine/index.ts';
import { count, folderOf, hasRoom, isWanted, mayKeep, noteNotKept } from '../evidence-room.ts';
import { untilAborted } from '../within.ts';
import { coversEveryField, maskedPicture, toPng, wholeScreen } from './picture.ts';
import type { DesktopSession } from './session.ts';

const TREE_LENGTH = 1_000_000;
/** The engine leaves a step behind 5 s after its deadline. */
const TAKING_MS = 3_000;

/** Before a step acts: a picture, where every step is to have one. */
export async function evidenceBefore(context: StepContext, session: DesktopSession): Promise<void> {
  if (context.usesSecret || !hasRoom(context)) return;
  if (isWanted(context, 'screenshots', false)) await keep(context, session, ['before.png']);
}

/** When a step has ended. */
export async function evidenceAfter(context: StepContext, session: DesktopSession, failed: boolean): Promise<void> {
  if (!(await mayKeep(context, failed)) || context.usesSecret) return;
  const names = [
    ...(isWanted(context, 'screenshots', failed) ? ['after.png'] : []),
    ...(isWanted(context, 'accessibility', failed) ? ['snapshot.txt'] : []),
  ];
  await keep(context, session, names);
}

async function keep(context: StepContext, session: DesktopSession, names: readonly string[]): Promise<void> {
  if (names.length === 0 || session.isGone) return;
  const step = folderOf(context.position);
  const folder = join(context.runFolder, 'evidence', step);
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(TAKING_MS)]);
  for (const name of names) {
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const isPicture = name.endsWith('.png');
      const making = isPicture ? picture(context, session, signal) : tree(session, signal);
      const content = await untilAborted(signal, making);
      const path = join(folder, name);
      await writeFile(path, content, { mode: 0o600 });
      count(context, content.length);
      const about: ArtifactAbout = isPicture
        ? { name: `steps/${step}/${name}`, kind: 'screenshot', mediaType: 'image/png' }
        : { name: `steps/${step}/${name}`, kind: 'snapshot', mediaType: 'text/plain' };
      await context.artifact(path, { ...about, ...(isPicture && coversEveryField(context) ? { masked: true } : {}) });
    } catch (error) {
      const why = session.memory.scrub(error instanceof Error ? error.message : String(error)).split('\n', 1)[0]!;
      await noteNotKept(context, name, why);
    }
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
