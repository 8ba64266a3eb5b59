/** `desktop.ocr`: the text in a picture of the screen, secrets painted over before it is read. */
import { DESKTOP_STEPS } from '@casare/shared/workflow';
import { recognise } from '../../desktop/ocr.ts';
import type { Step } from '../../engine/index.ts';
import { maskedPicture, toPng } from './picture.ts';
import { pictured } from './screenshot.ts';
import { desktopStep } from './step.ts';

export const ocrStep: Step = desktopStep(DESKTOP_STEPS.ocr, async ({ target }, scope) => {
  const picture = await maskedPicture(scope.context, scope.session, await pictured(scope, target), scope.signal);
  const lines = await recognise(picture, toPng, scope.signal);
  return {
    text: lines.map(({ text }) => text).join('\n'),
    lines: lines.map((line) => ({ ...line, x: picture.x + line.x, y: picture.y + line.y })),
  };
});
