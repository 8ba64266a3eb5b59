/** `files.delete`: takes a file away. */
import { stat, unlink } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { FILES_STEPS } from '@casare/shared/workflow';
import { StepFailure, type Step } from '../../engine/index.ts';
import { executor } from '../executor.ts';
import { fileIn } from '../run-files.ts';
import { isMissing } from './missing.ts';

export const deleteStep: Step = executor(FILES_STEPS.delete, async ({ file, missing = 'fail' }, context) => {
  try {
    const path = await fileIn(context, file, 'read');
    if (isAbsolute(file)) await context.policy.checkFile(path, 'write');
    if (!(await stat(path)).isFile()) throw notAFile(file);
    await unlink(path);
    return true;
  } catch (error) {
    if (missing === 'ignore' && isMissing(error)) return false;
    throw error;
  }
});

function notAFile(name: string): StepFailure {
  return new StepFailure({
    type: 'validation',
    code: 'FILE_NOT_REGULAR',
    title: 'It is not a file',
    detail: `${JSON.stringify(name.slice(0, 200))} is a folder, a device or a pipe: only files are deleted.`,
    certain: true,
  });
}
