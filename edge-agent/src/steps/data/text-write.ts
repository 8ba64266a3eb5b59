/** `data.text.write`: a text as a file of the run. */
import { DATA_STEPS } from '@casare/shared/workflow';
import type { Step } from '../../engine/index.ts';
import { executor } from '../executor.ts';
import { mediaTypeOf } from '../media-type.ts';
import { byteOrderMark, encode } from './encoding.ts';
import { storeText } from './whole-text.ts';

export const textWriteStep: Step = executor(
  DATA_STEPS.textWrite,
  ({ text, saveAs, encoding = 'utf-8', byteOrderMark: marked = false, newline }, context) => {
    const bytes = encode(newline === undefined ? text : withLineEnds(text, newline), encoding);
    const content = marked ? Buffer.concat([byteOrderMark(encoding), bytes]) : bytes;
    return storeText(context, { saveAs, mediaType: mediaTypeOf(undefined, saveAs, 'text/plain'), content });
  },
);

function withLineEnds(text: string, newline: 'lf' | 'crlf'): string {
  return text.replaceAll(/\r\n|\r|\n/g, newline === 'lf' ? '\n' : '\r\n');
}
