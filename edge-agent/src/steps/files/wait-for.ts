/**
 * `files.waitFor`: looks again and again, without watching, which no network folder supports well. A file counts when its
 * size and time have stood still for a while: whoever writes it has most likely finished.
 */
import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { FILES_STEPS, type FilesEntry } from '@casare/shared/workflow';
import { StepFailure, type Step, type StepContext } from '../../engine/index.ts';
import { executor } from '../executor.ts';
import { fileIn } from '../run-files.ts';
import { entriesOf } from './entries.ts';
import { isMissing } from './missing.ts';

/** Between two looks, milliseconds. */
const LOOK_MS = 250;
const QUIET_MS = 1_000;

interface Wanted {
  readonly file?: string | undefined;
  readonly folder?: string | undefined;
  readonly pattern?: string | undefined;
}

export const waitForStep: Step = executor(FILES_STEPS.waitFor, async ({ quietMs = QUIET_MS, ...wanted }, context) => {
  const until = AbortSignal.any([context.signal, AbortSignal.timeout(Math.max(1, context.timeoutMs - LOOK_MS))]);
  let seen: FilesEntry | null = null;
  let since = performance.now();
  for (;;) {
    const now = await look(context, wanted);
    if (now === null || now.path !== seen?.path || now.bytes !== seen.bytes || now.modifiedAt !== seen.modifiedAt) {
      seen = now;
      since = performance.now();
    }
    if (seen !== null && performance.now() - since >= quietMs) return seen;
    try {
      await sleep(LOOK_MS, undefined, { signal: until });
    } catch {
      context.signal.throwIfAborted();
      throw notInTime(context, seen);
    }
  }
});

async function look(context: StepContext, { file, folder, pattern }: Wanted): Promise<FilesEntry | null> {
  try {
    if (file === undefined) {
      const found = await entriesOf(context, { folder, pattern, recursive: false, kind: 'file' });
      return found[0] ?? null;
    }
    const stats = await stat(await fileIn(context, file, 'read'));
    if (!stats.isFile()) return null;
    return { path: file, kind: 'file', bytes: stats.size, modifiedAt: stats.mtime.toISOString() };
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

function notInTime({ timeoutMs }: StepContext, seen: FilesEntry | null): StepFailure {
  return new StepFailure({
    type: 'timeout',
    code: 'FILE_NOT_IN_TIME',
    title: 'The file did not come in time',
    detail:
      seen === null
        ? `It was not there within ${timeoutMs} ms.`
        : `${seen.path} is there and was still being written after ${timeoutMs} ms.`,
    certain: true,
  });
}
