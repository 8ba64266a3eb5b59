/** Whether a failure says that a file is not there, as opposed to: must not be opened. */
import { StepFailure } from '../../engine/index.ts';
import { codeOf } from '../../fault.ts';

export function isMissing(error: unknown): boolean {
  return error instanceof StepFailure ? error.code === 'FILE_NOT_FOUND' : codeOf(error) === 'ENOENT';
}
