/** The executors of the desktop steps. */
import type { Step } from '../../engine/index.ts';
import { activateStep } from './activate.ts';
import { attachStep } from './attach.ts';
import { checkStep } from './check.ts';
import { clickStep } from './click.ts';
import { clipboardStep } from './clipboard.ts';
import { closeStep } from './close.ts';
import { doubleClickStep } from './double-click.ts';
import { dragStep } from './drag.ts';
import { existsStep } from './exists.ts';
import { expandStep } from './expand.ts';
import { keysStep } from './keys.ts';
import { ocrStep } from './ocr.ts';
import { openStep } from './open.ts';
import { rightClickStep } from './right-click.ts';
import { screenshotStep } from './screenshot.ts';
import { scrollStep } from './scroll.ts';
import { selectStep } from './select.ts';
import type { DesktopStart } from './session-start.ts';
import { setValueStep } from './set-value.ts';
import { tableStep } from './table.ts';
import { textStep } from './text.ts';
import { treeStep } from './tree.ts';
import { typeStep } from './type.ts';
import { valueStep } from './value.ts';
import { waitForStep } from './wait-for.ts';
import { windowStep } from './window.ts';
import { windowsStep } from './windows.ts';

export { DesktopSession } from './session.ts';
export type { DesktopStart } from './session-start.ts';

/** Every desktop step. Each session calls `start` once and closes what it returned. */
export function desktopSteps(start: DesktopStart): Step[] {
  return [
    openStep(start),
    attachStep(start),
    closeStep,
    activateStep,
    windowStep,
    windowsStep,
    clickStep,
    doubleClickStep,
    rightClickStep,
    setValueStep,
    typeStep,
    keysStep,
    selectStep,
    checkStep,
    expandStep,
    textStep,
    valueStep,
    tableStep,
    treeStep,
    existsStep,
    waitForStep,
    scrollStep,
    dragStep,
    screenshotStep,
    ocrStep,
    clipboardStep,
  ];
}
