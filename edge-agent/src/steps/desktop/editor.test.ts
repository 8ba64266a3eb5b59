/** The desktop steps on a text editor: menus, a file dialog, the clipboard, and a dialog that waits for an answer. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { desktopPrograms, skipName } from '../../desktop/desktop-for-tests.ts';
import type { StepFailure } from '../../engine/index.ts';
import { unrestricted } from '../../policy/index.ts';
import { failureOf, type TestRun } from '../browser/run-for-tests.ts';
import { newDesktopRun } from './run-for-tests.ts';

const reason = await desktopPrograms('mousepad');
const PAGE = 'window /Mousepad$/ >> textbox :nth(1)';

describe.skipIf(reason !== null)(skipName('a text editor', reason), () => {
  let run: TestRun;
  beforeEach(async () => {
    run = await newDesktopRun();
    await run.call('desktop.open', { app: 'mousepad', args: ['--disable-server'], window: 'window /Mousepad$/' });
  });
  afterEach(() => run.end());

  const failing = (name: string, args: unknown, timeoutMs = 4_000): Promise<StepFailure> =>
    failureOf(run.call(`desktop.${name}`, args, { timeoutMs }));

  test('writes a text and saves it by the menu and the file dialog', async () => {
    await run.call('desktop.type', { target: PAGE, text: 'Größe: 5 µm\n' });
    await run.call('desktop.keys', { keys: 'second{Enter}' });
    expect(await run.call('desktop.text', { target: PAGE })).toBe('Größe: 5 µm\nsecond\n');
    await run.call('desktop.click', {
      target: 'menuitem "Save As..."',
      expect: { visible: 'window "Save As"' },
    });
    await run.call('desktop.setValue', { target: 'window "Save As" >> textbox "Name"', value: 'note.txt' });
    await run.call('desktop.click', {
      target: 'window "Save As" >> button "Save"',
      expect: { gone: 'window "Save As"', visible: 'window /note.txt - Mousepad$/' },
    });
    expect(await readFile(join(run.folder, 'files', 'note.txt'), 'utf8')).toBe('Größe: 5 µm\nsecond\n');
  });

  test('copies and pastes through the clipboard, both ways, also what is long', async () => {
    const long = 'line of text – '.repeat(6_000);
    await run.call('desktop.clipboard', { set: long });
    await run.call('desktop.keys', { target: PAGE, keys: '{Control+V}' });
    expect(await run.call('desktop.text', { target: PAGE })).toBe(long);
    await run.call('desktop.keys', { target: PAGE, keys: '{Control+A}{Delete}short{Control+A}{Control+C}' });
    expect(await run.call('desktop.clipboard', {})).toBe('short');
    await run.call('desktop.setValue', { target: PAGE, value: long });
    await run.call('desktop.keys', { target: PAGE, keys: '{Control+A}{Control+C}' });
    expect(await run.call('desktop.clipboard', {})).toBe(long);
  });

  test('behind a dialog nothing is clicked: the failure names the dialog and is certain', async () => {
    await run.call('desktop.type', { target: PAGE, text: 'unsaved' });
    const asked = await failing('close', { window: 'window /Mousepad$/' });
    expect(asked).toMatchObject({ code: 'WINDOW_NOT_CLOSED', certain: false });
    const behind = await failing('keys', { target: PAGE, keys: 'x' });
    expect(behind).toMatchObject({ code: 'ELEMENT_NOT_READY', status: 408, certain: true });
    expect(behind.detail).toContain('waits for an answer');
    await run.call('desktop.click', { target: 'button "Cancel"', expect: { gone: 'alertdialog' } });
    // The control: without the dialog the same step works.
    await run.call('desktop.keys', { target: PAGE, keys: '{Control+End}x' });
    expect(await run.call('desktop.text', { target: PAGE })).toBe('unsavedx');
  });

  test('opens the menu of the right button', async () => {
    expect(await run.call('desktop.exists', { target: 'menuitem "Paste"' })).toBe(false);
    await run.call('desktop.rightClick', { target: PAGE, expect: { visible: 'menuitem "Paste"' } });
    await run.call('desktop.keys', { keys: '{Escape}' });
    await run.call('desktop.waitFor', { gone: 'menuitem "Paste"' });
  });

  test('what fails leaves a picture and the tree, what the document asks for is kept always, and nothing of secrets', async () => {
    await failing('click', { target: 'button "Nothing here"' }, 3_000);
    const kinds = (): string[] => run.artifacts.map(({ name }) => name.replace(/^steps\/.*\//, ''));
    expect(kinds()).toEqual(['after.png', 'snapshot.txt']);
    expect(await readFile(run.artifacts[1]!.path, 'utf8')).toContain('menu "File"');
    const target = PAGE;
    await run.call('desktop.text', { target }, { evidence: { screenshots: 'always' } });
    expect(kinds().slice(2)).toEqual(['before.png', 'after.png']);
    await failureOf(run.call('desktop.click', { target: 'button "No"' }, { timeoutMs: 3_000, usesSecret: true }));
    const policy = { ...unrestricted, evidence: () => 'none' as const };
    await failureOf(run.call('desktop.click', { target: 'button "No"' }, { timeoutMs: 3_000, policy }));
    expect(run.artifacts).toHaveLength(4);
    const masked = { ...unrestricted, evidence: () => 'masked' as const };
    await run.call('desktop.screenshot', { target, saveAs: 'masked.png' }, { policy: masked });
    expect(run.artifacts[4]).toMatchObject({ masked: true });
  });
});
