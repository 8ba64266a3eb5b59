/**
 * What is kept of a step besides its events: a picture of the screen with secrets painted over, and the accessibility
 * tree as text. Taking it never makes a failure worse: what cannot be taken is logged and left out.
 */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StepContext } from '../../engine/index.ts';
import { within } from '../browser/within.ts';
import { maskedPicture, toPng, wholeScreen } from './picture.ts';
import type { DesktopSession } from './session.ts';

/** A run that retries a failing step for hours keeps the evidence of the first failures. */
const MAX_FAILURES_PER_RUN = 20;
/** The engine leaves a step behind 5 s after its deadline. */
const PICTURE_MS = 3_000;

const taken = new WeakMap<Map<string, unknown>, number>();

/** Stores a picture of a failure as an artifact named after the step's position. */
export async function captureFailure(context: StepContext, session: DesktopSession): Promise<void> {
  if (context.usesSecret || context.evidence.screenshots === 'never') return;
  const count = (taken.get(context.session) ?? 0) + 1;
  taken.set(context.session, count);
  if (count > MAX_FAILURES_PER_RUN) return;
  const name = nameOf(context.position);
  const folder = join(context.runFolder, 'evidence');
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, `${name}.png`);
    const picture = maskedPicture(session, wholeScreen(session), AbortSignal.timeout(PICTURE_MS));
    await writeFile(path, toPng(await within(PICTURE_MS, picture)), { mode: 0o600 });
    await context.artifact(path, { name: `failures/${name}.png`, kind: 'screenshot', mediaType: 'image/png' });
  } catch (error) {
    const why = session.memory.scrub(error instanceof Error ? error.message : String(error)).split('\n', 1)[0];
    await context.log('warn', `EVIDENCE_DROPPED: failures/${name}.png could not be kept: ${why}`);
  }
}

/** Readable, fit for every file system, and different for different positions. */
function nameOf(position: string): string {
  const readable = position
    .replaceAll(/[^\w.-]+/g, '-')
    .replaceAll(/^[.-]+|[.-]+$/g, '')
    .slice(-80);
  return `${readable}-${createHash('sha256').update(position).digest('hex').slice(0, 8)}`;
}
