/** `desktop.ocr`: the text in a picture of the screen, secrets painted over before it is read. */
import { DESKTOP_STEPS } from '@casare/shared/workflow';
import { recognise } from '../../desktop/ocr.ts';
import type { Step } from '../../engine/index.ts';
import { maskedPicture, toPng } from './picture.ts';
import { pictured } from './screenshot.ts';
import { desktopStep } from './step.ts';

export const ocrStep: Step = desktopStep(DESKTOP_STEPS.ocr, async ({ target }, scope) => {
  const box = await pictured(scope, target);
  const picture = await maskedPicture(scope.context, scope.session, box, scope.signal);
  const lines = await recognise(picture, toPng, scope.signal);
  const [left, top] = [Math.max(box.x, 0), Math.max(box.y, 0)];
  return {
    text: lines.map(({ text }) => text).join('\n'),
    lines: lines.map((line) => ({ ...line, x: left + line.x, y: top + line.y })),
  };
});
