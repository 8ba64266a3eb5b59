/** Files are stored as artifacts, and no secret is ever in one. */
import { StepFailure, type StepContext } from '../../engine/index.ts';

/**
 * For steps that write their arguments into a file.
 * @throws StepFailure SECRET_IN_FILE
 */
export function refuseSecrets(context: StepContext): void {
  if (!context.usesSecret) return;
  throw new StepFailure({
    type: 'authorization',
    code: 'SECRET_IN_FILE',
    title: 'A secret must not be written into a file',
    detail:
      'What the file was to hold has the value of a secret in it, and files of a run are stored as artifacts: leave it out.',
    certain: true,
  });
}
