/** `data.json.write`: a value as a JSON file of the run. */
import { DATA_STEPS } from '@casare/shared/workflow';
import type { Step } from '../../engine/index.ts';
import { executor } from '../executor.ts';
import { storeText } from './whole-text.ts';

export const jsonWriteStep: Step = executor(DATA_STEPS.jsonWrite, ({ value, saveAs, indent = 2 }, context) =>
  storeText(context, {
    saveAs,
    mediaType: 'application/json',
    content: `${JSON.stringify(value ?? null, null, indent)}\n`,
  }),
);
