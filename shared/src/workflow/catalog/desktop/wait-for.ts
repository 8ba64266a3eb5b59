import { defineStep } from '../define-step.ts';
import { DesktopExpectation, WindowState, reading } from './family.ts';

export const waitFor = defineStep({
  ...reading,
  name: 'desktop.waitFor',
  summary: 'Waits until an element shows, or another is gone.',
  with: DesktopExpectation,
  output: WindowState,
  example: { visible: 'window "Report"' },
});
