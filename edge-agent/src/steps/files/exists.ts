/** `files.exists`: whether a file is there now. */
import { stat } from 'node:fs/promises';
import { FILES_STEPS } from '@casare/shared/workflow';
import type { Step } from '../../engine/index.ts';
import { executor } from '../executor.ts';
import { fileIn } from '../run-files.ts';
import { isMissing } from './missing.ts';

export const existsStep: Step = executor(FILES_STEPS.exists, async ({ file }, context) => {
  try {
    return (await stat(await fileIn(context, file, 'read'))).isFile();
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
});
