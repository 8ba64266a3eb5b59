/** `files.list`: what lies in a folder. */
import { FILES_STEPS } from '@casare/shared/workflow';
import { StepFailure, type Step } from '../../engine/index.ts';
import { executor } from '../executor.ts';
import { entriesOf } from './entries.ts';

const LIMIT = 10_000;

export const listStep: Step = executor(FILES_STEPS.list, async (args, context) => {
  const { folder, pattern, recursive = false, kind = 'file', limit = LIMIT } = args;
  const found = await entriesOf(context, { folder, pattern, recursive, kind });
  if (found.length > limit) throw tooMany(found.length, limit);
  return found;
});

function tooMany(count: number, limit: number): StepFailure {
  return new StepFailure({
    type: 'runtime',
    status: 413,
    code: 'FILES_TOO_MANY',
    title: 'There are more files than expected',
    detail: `There are ${count}, and ${limit} at most are wanted: raise \`limit\`, or name a narrower \`pattern\`.`,
    certain: true,
  });
}
