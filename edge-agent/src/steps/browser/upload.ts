/**
 * `browser.upload`: gives files to a file field, or to whatever opens the page's file dialog when it is clicked. What a field
 * holds afterwards is read back.
 */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Locator } from 'playwright-core';
import { BROWSER_STEPS } from '@casare/shared/workflow';
import { StepFailure, type Step } from '../../engine/index.ts';
import { fileIn } from '../run-files.ts';
import { ask } from './ask.ts';
import { meet } from './expectation.ts';
import { locateOne } from './locate.ts';
import { actOn } from './perform.ts';
import { browserStep, type BrowserScope } from './step.ts';

/** A field that has been given files and is not there again after so long is gone, milliseconds. */
const REDRAWN_MS = 1_000;

/** Fails with FILES_NOT_TAKEN, FILE_DIALOG_NOT_OPENED (408). */
export const uploadStep: Step = browserStep(BROWSER_STEPS.upload, async ({ target, files, expect }, scope) => {
  const paths = await Promise.all([files].flat().map((name) => fileIn(scope.context, name, 'read')));
  const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size));
  const element = await locateOne(scope, target);
  const { answer: isField } = await ask(scope, element, 'fileField');
  const give = isField ? giveToField(scope, element, target, paths) : giveToDialog(scope, target, paths);
  await meet(scope, expect, await give);
  return { files: paths.map((path, index) => ({ name: basename(path), bytes: sizes[index] ?? 0 })) };
});

/** What it resolves with is the title of the page afterwards, where that is known. */
async function giveToField(
  scope: BrowserScope,
  field: Locator,
  target: string,
  paths: string[],
): Promise<string | null> {
  scope.acting();
  await field.setInputFiles(paths, scope.bound);
  const names = paths.map((path) => basename(path));
  const soon = { signal: AbortSignal.any([scope.signal, AbortSignal.timeout(REDRAWN_MS)]), timeout: 0 } as const;
  const said = await ask({ page: scope.page, bound: soon }, field, 'fileNames').catch(() => null);
  const taken = said?.answer ?? [];
  // A page may empty the field, or take it away, once it has sent the file.
  if (taken.length > 0 && taken.join('/') !== names.join('/')) throw notTaken(target, taken);
  return said?.title ?? null;
}

async function giveToDialog(scope: BrowserScope, target: string, paths: string[]): Promise<null> {
  const opened = scope.page.waitForEvent('filechooser', scope.bound);
  opened.catch(() => {});
  await actOn(scope, target, (button) => button.click(scope.bound));
  const dialog = await opened.catch((error: unknown) => {
    throw scope.context.signal.aborted ? error : notOpened(target);
  });
  await dialog.setFiles(paths, scope.bound);
  return null;
}

function notTaken(target: string, taken: readonly string[]): StepFailure {
  return new StepFailure({
    type: 'runtime',
    code: 'FILES_NOT_TAKEN',
    title: 'The field did not take the files',
    detail: `${target} holds ${taken.map((name) => JSON.stringify(name)).join(', ')} afterwards`,
  });
}

function notOpened(target: string): StepFailure {
  return new StepFailure({
    type: 'timeout',
    status: 408,
    code: 'FILE_DIALOG_NOT_OPENED',
    title: 'No file dialog was opened',
    detail: `${target} was clicked, but asked for no file: name the file field or the button that opens the dialog`,
  });
}
