/** The executors of the browser steps. */
import type { StartedBrowser } from '../../browser/index.ts';
import type { Step } from '../../engine/index.ts';
import { checkStep } from './check.ts';
import { clickStep } from './click.ts';
import { closeStep } from './close.ts';
import { downloadStep } from './download.ts';
import { fillStep } from './fill.ts';
import { gotoStep, openStep } from './open.ts';
import { pressStep } from './press.ts';
import { attributeStep, countStep, existsStep, textStep, valueStep, waitForStep } from './read.ts';
import { screenshotStep } from './screenshot.ts';
import { selectStep } from './select.ts';
import { tableStep } from './table.ts';

export { BrowserSession } from './session.ts';

/** Every browser step. Each session calls `startBrowser` once and closes what it returned. */
export function browserSteps(startBrowser: () => Promise<StartedBrowser>): Step[] {
  return [
    openStep(startBrowser),
    gotoStep,
    clickStep,
    fillStep,
    pressStep,
    selectStep,
    checkStep,
    tableStep,
    downloadStep,
    textStep,
    valueStep,
    attributeStep,
    countStep,
    existsStep,
    waitForStep,
    screenshotStep,
    closeStep,
  ];
}
