/** `data.text.read`: a text file, as large as an output may be. */
import { OUTPUT_BYTES } from '@casare/shared/protocol';
import { DATA_STEPS } from '@casare/shared/workflow';
import type { Step } from '../../engine/index.ts';
import { executor } from '../executor.ts';
import { readText } from './whole-text.ts';

export const textReadStep: Step = executor(DATA_STEPS.textRead, ({ file, encoding }, context) =>
  readText(context, file, { maxBytes: OUTPUT_BYTES, encoding }),
);
