/** The executors of the browser steps. */
import type { Step } from '../../engine/index.ts';
import type { Transport } from '../http/index.ts';
import { attributeStep } from './attribute.ts';
import { backStep } from './back.ts';
import { checkStep } from './check.ts';
import { clickStep } from './click.ts';
import { closeStep } from './close.ts';
import { cookiesClearStep } from './cookies-clear.ts';
import { cookiesGetStep } from './cookies-get.ts';
import { cookiesSetStep } from './cookies-set.ts';
import { countStep } from './count.ts';
import { dialogAnswerStep } from './dialog-answer.ts';
import { dialogListStep } from './dialog-list.ts';
import { downloadStep } from './download.ts';
import { downloadsStep } from './downloads.ts';
import { evaluateStep } from './evaluate.ts';
import { existsStep } from './exists.ts';
import { fillStep } from './fill.ts';
import { forwardStep } from './forward.ts';
import { gotoStep } from './goto.ts';
import { hoverStep } from './hover.ts';
import { listStep } from './list.ts';
import { openStep, type BrowserSetup } from './open.ts';
import { pdfStep } from './pdf.ts';
import { pressStep } from './press.ts';
import { reloadStep } from './reload.ts';
import { screenshotStep } from './screenshot.ts';
import { selectStep } from './select.ts';
import { tabCloseStep } from './tab-close.ts';
import { tabListStep } from './tab-list.ts';
import { tabSwitchStep } from './tab-switch.ts';
import { tabWaitForStep } from './tab-wait-for.ts';
import { tableStep } from './table.ts';
import { textStep } from './text.ts';
import { typeStep } from './type.ts';
import { uploadStep } from './upload.ts';
import { valueStep } from './value.ts';
import { waitForResponseStep } from './wait-for-response.ts';
import { waitForUrlStep } from './wait-for-url.ts';
import { waitForStep } from './wait-for.ts';

export { inspectPage } from './inspect.ts';
export type { BrowserStart } from './open.ts';
export { BrowserSession } from './session.ts';

/** Every browser step. */
export function browserSteps(setup: BrowserSetup & { readonly transport: Transport }): Step[] {
  return [
    openStep(setup),
    attributeStep,
    backStep,
    checkStep,
    clickStep,
    closeStep,
    cookiesClearStep,
    cookiesGetStep,
    cookiesSetStep,
    countStep,
    dialogAnswerStep,
    dialogListStep,
    downloadStep(setup.transport),
    downloadsStep,
    evaluateStep,
    existsStep,
    fillStep,
    forwardStep,
    hoverStep,
    listStep,
    gotoStep,
    pdfStep,
    pressStep,
    reloadStep,
    screenshotStep,
    selectStep,
    tabCloseStep,
    tabListStep,
    tabSwitchStep,
    tabWaitForStep,
    tableStep,
    textStep,
    typeStep,
    uploadStep,
    valueStep,
    waitForResponseStep,
    waitForUrlStep,
    waitForStep,
  ];
}
