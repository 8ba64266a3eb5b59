/**
 * `browser.downloads`: one click that starts several downloads. Each file is stored under the name that the site gives it;
 * of names that come twice, the later ones are numbered.
 */
import { extname } from 'node:path';
import type { Download } from 'playwright-core';
import { BROWSER_STEPS, type StoredFile } from '@casare/shared/workflow';
import { StepFailure, type Step } from '../../engine/index.ts';
import { storeFile } from '../run-files.ts';
import { locateOne } from './locate.ts';
import { mediaTypeOf } from '../media-type.ts';
import { actOn } from './perform.ts';
import { browserStep, type BrowserScope } from './step.ts';
import { untilAborted } from '../within.ts';

const NAME_LENGTH = 150;

/** Fails with DOWNLOADS_MISSING (408), DOWNLOAD_BROKEN (502), DOWNLOAD_TOO_LARGE (413), DISK_FULL (507). */
export const downloadsStep: Step = browserStep(BROWSER_STEPS.downloads, async ({ target, count, into }, scope) => {
  await locateOne(scope, target);
  const started = collect(scope, count);
  await actOn(scope, target, (element) => element.click(scope.bound));
  const downloads = await untilAborted(scope.signal, started.all).catch((error: unknown) => {
    throw scope.context.signal.aborted ? error : missing(target, count, started.sofar.length);
  });
  const taken = new Set<string>();
  const stored: StoredFile[] = [];
  for (const download of downloads) {
    const name = freeName(safeName(download.suggestedFilename()), taken);
    stored.push(await store(scope, download, `${into}/${name}`));
  }
  return stored;
});

/** Listens to the whole context: a link may open another tab for its file. */
function collect(scope: BrowserScope, count: number): { all: Promise<Download[]>; sofar: Download[] } {
  const sofar: Download[] = [];
  const { promise, resolve } = Promise.withResolvers<Download[]>();
  const take = (download: Download): void => {
    if (sofar.length === count) return;
    sofar.push(download);
    if (sofar.length === count) resolve(sofar);
  };
  scope.session.context.on('download', take);
  scope.afterwards(async () => {
    scope.session.context.off('download', take);
    await Promise.all(sofar.map((download) => scope.session.downloads.remove(download)));
  });
  return { all: promise, sofar };
}

async function store(scope: BrowserScope, download: Download, saveAs: string): Promise<StoredFile> {
  const { downloads } = scope.session;
  await downloads.complete(download, scope.context, scope.signal);
  const mediaType = mediaTypeOf(undefined, saveAs);
  const file = await storeFile(scope.context, {
    saveAs,
    kind: 'output',
    mediaType,
    write: (path) => download.saveAs(path),
  });
  // Makes room for the others.
  await downloads.remove(download);
  return file;
}

/** A name that is one on every file system, whatever the site calls its file. */
function safeName(suggested: string): string {
  const name = suggested.replaceAll(/[\u0000-\u001f\u007f\\/:*?"<>|]/g, '_').replaceAll(/^[. ]+|[. ]+$/g, '');
  const end = extname(name).slice(0, 20);
  return name === ''
    ? 'download'
    : name.length <= NAME_LENGTH
      ? name
      : `${name.slice(0, NAME_LENGTH - end.length)}${end}`;
}

function freeName(name: string, taken: Set<string>): string {
  const end = extname(name);
  const start = name.slice(0, name.length - end.length);
  let free = name;
  for (let number = 2; taken.has(free.toLowerCase()); number += 1) free = `${start} (${number})${end}`;
  taken.add(free.toLowerCase());
  return free;
}

function missing(target: string, count: number, came: number): StepFailure {
  return new StepFailure({
    type: 'timeout',
    status: 408,
    code: 'DOWNLOADS_MISSING',
    title: 'Not all downloads started',
    detail: `${target} was clicked and ${count} files were expected, but ${came} came`,
  });
}
