/** LibreOffice Calc on a display of its own: filled from a CSV by desktop steps, read back, saved, and judged from outside. */
import { execFile } from 'node:child_process';
import { readFile, writeFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { desktopPrograms, skipName } from '../../edge-agent/src/desktop/desktop-for-tests.ts';
import type { TestRun } from '../../edge-agent/src/steps/browser/run-for-tests.ts';
import { newDesktopRun } from '../../edge-agent/src/steps/desktop/run-for-tests.ts';

const reason = await desktopPrograms('libreoffice-calc', 'libreoffice-gtk3');
/** Commas, double quotes, UTF-8. */
const FORMAT = 'csv:Text - txt - csv (StarCalc):44,34,76';
const CSV = 'Ref,Customer,Amount\nINV-1,Größe & Co,10.5\nINV-2,"Smith, Ltd",20\nINV-3,漢字,30\n';

describe.skipIf(reason !== null)(skipName('LibreOffice Calc', reason), () => {
  let run: TestRun;
  beforeAll(async () => {
    run = await newDesktopRun();
  });
  afterAll(() => run.end());

  test('a sheet is filled from a CSV and saved', async () => {
    const timeout = { timeoutMs: 60_000 };
    const read = await run.call('data.csv.read', { file: await put('in.csv', CSV), header: false });
    const { rows } = read as { rows: string[][] };
    expect(rows).toHaveLength(4);
    await run.call(
      'desktop.open',
      {
        app: 'soffice',
        args: ['--calc', '--norestore', '--nologo', '--nofirststartwizard'],
        window: 'window /LibreOffice Calc$/',
      },
      timeout,
    );
    await run.call('desktop.waitFor', { visible: 'cell "A1"' }, timeout);
    for (const row of rows) {
      for (const value of row) {
        await run.call('desktop.type', { text: value }, timeout);
        await run.call('desktop.keys', { keys: '{Tab}' }, timeout);
      }
      await run.call('desktop.keys', { keys: '{Enter}' }, timeout);
    }
    expect(await run.call('desktop.text', { target: 'cell "B2"' }, timeout)).toBe('Größe & Co');
    const table = await run.call('desktop.table', { target: 'table /Sheet1/', limit: 5 }, timeout);
    expect(table).toEqual(rows.map(([ref, customer, amount]) => ({ 1: ref, 2: customer, 3: amount })));
    // A click hits the cell that it means: what is typed next is in it. That it is empty again the saved file says; to
    // accessibility a cell keeps its text.
    for (const [cell, text] of [
      ['D7', 'by pointer'],
      ['B12', 'once more'],
    ] as const) {
      await run.call('desktop.click', { target: `cell "${cell}"` }, timeout);
      await run.call('desktop.type', { text }, timeout);
      await run.call('desktop.keys', { keys: '{Enter}' }, timeout);
      const shows = (): Promise<unknown> => run.call('desktop.text', { target: `cell "${cell}"` }, timeout);
      await expect.poll(shows, { timeout: 10_000 }).toBe(text);
      await run.call('desktop.click', { target: `cell "${cell}"` }, timeout);
      await run.call('desktop.keys', { keys: '{Delete}' }, timeout);
    }
    await run.call('desktop.keys', { keys: '{Control+S}', expect: { visible: 'window "Save"' } }, timeout);
    await run.call(
      'desktop.setValue',
      { target: 'window "Save" >> textbox "Name"', value: '~/files/ledger.ods' },
      timeout,
    );
    await run.call('desktop.keys', { target: 'window "Save" >> textbox "Name"', keys: '{Enter}' }, timeout);
    await run.call('desktop.waitFor', { gone: 'window "Save"', visible: 'window /^ledger.ods/' }, timeout);
    await run.call('desktop.close', {}, timeout);
    expect(await converted(path.join(run.folder, 'files'))).toBe(CSV);
  });

  async function put(name: string, text: string): Promise<string> {
    await mkdir(path.join(run.folder, 'files'), { recursive: true });
    await writeFile(path.join(run.folder, 'files', name), text);
    return name;
  }
});

/** What another process of LibreOffice reads in the saved file. */
async function converted(folder: string): Promise<string> {
  const profile = `-env:UserInstallation=file://${folder}/profile`;
  const args = [profile, '--headless', '--convert-to', FORMAT, '--outdir', folder, path.join(folder, 'ledger.ods')];
  await promisify(execFile)('soffice', args, { timeout: 120_000 });
  return readFile(path.join(folder, 'ledger.csv'), 'utf8');
}
