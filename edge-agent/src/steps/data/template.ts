/** `data.template`: a Mustache template, filled. */
import { OUTPUT_BYTES } from '@casare/shared/protocol';
import { DATA_STEPS, type Json } from '@casare/shared/workflow';
import type { Step } from '../../engine/index.ts';
import { executor } from '../executor.ts';
import { mediaTypeOf } from '../media-type.ts';
import { fill } from './mustache.ts';
import { readText, storeText } from './whole-text.ts';

/** The largest template in a file, bytes. */
const TEMPLATE_BYTES = 1_048_576;
/** The longest text that is stored, characters. */
const STORED_LENGTH = 16_777_216;

export const templateStep: Step = executor(DATA_STEPS.template, async (args, context) => {
  const { saveAs, templateFrom } = args;
  const template =
    templateFrom === undefined
      ? (args.template ?? '')
      : await readText(context, templateFrom, { maxBytes: TEMPLATE_BYTES });
  const text = fill(template, args.values as Json, {
    escape: args.escape ?? 'none',
    missing: args.missing ?? 'fail',
    length: saveAs === undefined ? OUTPUT_BYTES : STORED_LENGTH,
  });
  if (saveAs === undefined) return text;
  return storeText(context, { saveAs, mediaType: mediaTypeOf(undefined, saveAs, 'text/plain'), content: text });
});
