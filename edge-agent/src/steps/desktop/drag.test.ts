/** `desktop.drag` on real applications: within a window, and from the window of one program into that of another. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DesktopTreeNode } from '@casare/shared/workflow';
import { desktopPrograms, skipName } from '../../desktop/desktop-for-tests.ts';
import type { StepFailure } from '../../engine/index.ts';
import { failureOf, type TestRun } from '../browser/run-for-tests.ts';
import { newDesktopRun } from './run-for-tests.ts';

const reason = await desktopPrograms('mousepad', 'zenity');
const EDITOR = 'window /Mousepad$/';
const CHOOSER = 'window "Pick"';
const START_MS = { timeoutMs: 30_000 };

describe.skipIf(reason !== null)(skipName('dragging', reason), () => {
  let run: TestRun;
  beforeEach(async () => {
    run = await newDesktopRun();
    const folder = join(run.folder, 'files', 'inbox');
    await mkdir(folder, { recursive: true });
    for (const name of ['note', 'order']) await writeFile(join(folder, `${name}.txt`), `the ${name}\n`);
    const args = ['--disable-server', 'inbox/note.txt'];
    await run.call('desktop.open', { app: 'mousepad', args, window: EDITOR }, START_MS);
  });
  afterEach(() => run.end());

  const drag = (from: string, to: string, more: object = {}): Promise<unknown> =>
    run.call('desktop.drag', { from, to, ...more });
  const failing = (from: string, to: string): Promise<StepFailure> =>
    failureOf(run.call('desktop.drag', { from, to }, { timeoutMs: 4_000 }));
  const place = (window: string, y: number): Promise<unknown> =>
    run.call('desktop.window', { window, x: 20, y, width: 700, height: 400 });
  const tabs = async (): Promise<unknown> => {
    const [list] = (await run.call('desktop.tree', { target: 'tablist', depth: 1 })) as DesktopTreeNode[];
    return list?.children?.map(({ name }) => name);
  };
  const chooser = async (): Promise<void> => {
    const args = ['--file-selection', '--title', 'Pick', '--filename', join(run.folder, 'files', 'inbox', '/')];
    await run.call('desktop.open', { app: 'zenity', args, window: CHOOSER }, START_MS);
    await run.call('desktop.waitFor', { visible: 'cell "order.txt"' });
  };

  test('a tab that is dragged onto another has changed places with it', async () => {
    await run.call('desktop.keys', { keys: '{Control+N}', expect: { visible: 'tab "Untitled 1"' } });
    expect(await tabs()).toEqual(['note.txt', 'Untitled 1']);
    expect(await drag('tab "note.txt"', 'tab "Untitled 1"')).toMatchObject({
      window: expect.stringMatching(/note.txt - Mousepad$/) as string,
    });
    await expect.poll(tabs, { timeout: 10_000 }).toEqual(['Untitled 1', 'note.txt']);
  });

  test('a file that is dragged from one program into another is opened there', async () => {
    await chooser();
    await place(CHOOSER, 40);
    await place(EDITOR, 500);
    await drag('cell "order.txt"', `${EDITOR} >> textbox`, { expect: { visible: 'window /order.txt - Mousepad$/' } });
    const page = 'window /order.txt - Mousepad$/ >> tab "order.txt" >> textbox';
    expect(await run.call('desktop.text', { target: page })).toBe('the order\n');
  });

  test('two elements that cannot be seen together are not dragged, and what to do is said', async () => {
    await chooser();
    await place(CHOOSER, 300);
    await place(EDITOR, 300);
    const covered = await failing('cell "order.txt"', `${EDITOR} >> textbox`);
    expect(covered).toMatchObject({ code: 'DRAG_NOT_POSSIBLE', status: 409, certain: true });
    expect(covered.detail).toContain('desktop.window');
    expect(await run.call('desktop.exists', { target: 'window /order.txt - Mousepad$/' })).toBe(false);
  });

  test('both ends must be one element', async () => {
    const missing = await failing('tab "note.txt"', 'tab "Untitled 9"');
    expect(missing).toMatchObject({ code: 'SELECTOR_NO_MATCH', certain: true });
    const several = await failing('menu', 'tab "note.txt"');
    expect(several).toMatchObject({ code: 'SELECTOR_AMBIGUOUS', certain: true });
    expect(several.detail).toContain('menu "File"');
  });
});
