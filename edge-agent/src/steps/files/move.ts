/** `files.move`: the content under the new name first, complete and flushed, and only then the old name taken away. */
import { isAbsolute } from 'node:path';
import { FILES_STEPS } from '@casare/shared/workflow';
import { StepFailure, type Step } from '../../engine/index.ts';
import { describe } from '../../fault.ts';
import { executor } from '../executor.ts';
import { fileIn, openFile } from '../run-files.ts';
import { alreadyThere, fileAt, place } from './place.ts';
import { removeAt } from './remove.ts';

export const moveStep: Step = executor(FILES_STEPS.move, async ({ from, to, overwrite = false }, context) => {
  await using source = await openFile(context, from);
  const path = await fileIn(context, from, 'read');
  // Taking it away is asked for before anything is done.
  if (isAbsolute(from)) await context.policy.checkFile(path, 'write');
  const there = await fileAt(context, to);
  if (there !== null && !overwrite) throw alreadyThere(to);
  if (there?.path === path) throw sameFile(from);
  const placed = await place(context, source, to);
  try {
    await removeAt(path, from, source.handle);
  } catch (error) {
    throw new StepFailure({
      type: 'runtime',
      code: 'FILE_NOT_REMOVED',
      title: 'The file was copied and its old name stays',
      detail: `${describe(error)}: let the agent delete in its folder, or use files.copy.`,
    });
  }
  return placed;
});

function sameFile(name: string): StepFailure {
  return new StepFailure({
    type: 'validation',
    code: 'FILE_SAME',
    title: 'Both names are the same file',
    detail: `${JSON.stringify(name.slice(0, 200))} lies there already.`,
    certain: true,
  });
}
