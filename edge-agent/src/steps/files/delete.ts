/** `files.delete`: takes a file away. */
import { isAbsolute } from 'node:path';
import { FILES_STEPS } from '@casare/shared/workflow';
import type { Step } from '../../engine/index.ts';
import { executor } from '../executor.ts';
import { fileIn } from '../run-files.ts';
import { isMissing } from './missing.ts';
import { removeAt } from './remove.ts';

export const deleteStep: Step = executor(FILES_STEPS.delete, async ({ file, missing = 'fail' }, context) => {
  try {
    const path = await fileIn(context, file, 'read');
    if (isAbsolute(file)) await context.policy.checkFile(path, 'write');
    await removeAt(path, file);
    return true;
  } catch (error) {
    if (missing === 'ignore' && isMissing(error)) return false;
    throw error;
  }
});
