/** `files.copy`: a copy under another name. */
import { FILES_STEPS } from '@casare/shared/workflow';
import type { Step } from '../../engine/index.ts';
import { executor } from '../executor.ts';
import { fileIn, openFile } from '../run-files.ts';
import { alreadyThere, digestOf, fileAt, place } from './place.ts';

/** Without `overwrite` an equal file counts as the copy: the step may be repeated after a restart. */
export const copyStep: Step = executor(FILES_STEPS.copy, async ({ from, to, overwrite = true }, context) => {
  await using source = await openFile(context, from);
  const there = overwrite ? null : await fileAt(context, to);
  if (there !== null) {
    const path = await fileIn(context, from, 'read');
    const [one, other] = await Promise.all([path, there.path].map((file) => digestOf(file, context.signal)));
    if (one !== other) throw alreadyThere(to);
  }
  return await place(context, source, to);
});
