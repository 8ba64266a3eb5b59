/** The desktop steps on the dialogs of zenity: forms, lists, ranges, and what may not be seen. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { desktopPrograms, skipName } from '../../desktop/desktop-for-tests.ts';
import { StepFailure, type StepPolicy } from '../../engine/index.ts';
import { unrestricted } from '../../policy/index.ts';
import { failureOf, type TestRun } from '../browser/run-for-tests.ts';
import { newDesktopRun } from './run-for-tests.ts';

const reason = await desktopPrograms('zenity');
const FORM = ['--forms', '--title', 'Entry', '--text', 'New entry', '--add-entry', 'Account', '--add-password', 'Pin'];
const COUNTRY = ['--add-combo', 'Country', '--combo-values', 'Austria|Brazil'];
const LIST = ['--list', '--title', 'Invoices', '--column', 'Ref', '--column', 'Amount'];
const ROWS = ['INV-1', '10', 'INV-2', '20', 'INV-3', '30'];

describe.skipIf(reason !== null)(skipName('dialogs', reason), () => {
  let run: TestRun;
  beforeEach(async () => {
    run = await newDesktopRun();
  });
  afterEach(() => run.end());

  const open = (...args: string[]): Promise<unknown> => run.call('desktop.open', { app: 'zenity', args });
  const failing = (name: string, args: unknown, timeoutMs = 4_000): Promise<StepFailure> =>
    failureOf(run.call(`desktop.${name}`, args, { timeoutMs }));

  test('fields are named by what stands beside them, and hold what was set', async () => {
    expect(await open(...FORM, ...COUNTRY)).toEqual({ window: 'Entry', application: '/usr/bin/zenity' });
    await run.call('desktop.setValue', { target: 'textbox "Account"', value: 'Ada ä€漢 "4711"' });
    expect(await run.call('desktop.value', { target: 'textbox "Account"' })).toBe('Ada ä€漢 "4711"');
    await run.call('desktop.setValue', { target: 'textbox "Pin"', value: 4711 });
    expect(await run.call('desktop.value', { target: 'textbox "Pin"' })).toMatch(/^(\P{L}){4}$/u);
    expect(await run.call('desktop.select', { target: 'combobox "Country"', option: 'Brazil' })).toEqual({
      selected: 'Brazil',
    });
    expect(await run.call('desktop.value', { target: 'combobox "Country"' })).toBe('Brazil');
    const missing = await failing('select', { target: 'combobox "Country"', option: 'Chile' });
    expect(missing).toMatchObject({ code: 'OPTION_NOT_FOUND', certain: true });
    expect(missing.detail).toContain('it has "Austria", "Brazil"');
    const expectation = { target: 'button "OK"', expect: { gone: 'window "Entry"' } };
    expect(await run.call('desktop.click', expectation)).toEqual({ window: '', application: '' });
  });

  test('types into a field any characters, and says when the field shows something else', async () => {
    await open(...FORM);
    const text = 'Größe 5 × 7 µm, 漢字 – “ok” ₿ {x}';
    await run.call('desktop.type', { target: 'textbox "Account"', text });
    expect(await run.call('desktop.value', { target: 'textbox "Account"' })).toBe(text);
    await run.call('desktop.keys', {
      target: 'textbox "Account"',
      keys: '{Ctrl+A}{Delete}a{{b}}{Left}{Shift+Home}{X}',
    });
    expect(await run.call('desktop.value', { target: 'textbox "Account"' })).toBe('X}');
    expect(await failing('keys', { keys: '{Entr}' })).toMatchObject({ code: 'KEY_UNKNOWN', certain: true });
  });

  test('reads a table, chooses a row, and opens one by a double click', async () => {
    await open(...LIST, ...ROWS);
    expect(await run.call('desktop.table', { target: 'table' })).toEqual([
      { Ref: 'INV-1', Amount: '10' },
      { Ref: 'INV-2', Amount: '20' },
      { Ref: 'INV-3', Amount: '30' },
    ]);
    const filter = { Ref: 'INV-2' };
    expect(await run.call('desktop.table', { target: 'table', filter })).toEqual([{ Ref: 'INV-2', Amount: '20' }]);
    expect(await failing('table', { target: 'table', filter: { Reff: 1 } })).toMatchObject({ code: 'COLUMN_UNKNOWN' });
    expect(await failing('table', { target: 'button "OK"' })).toMatchObject({ code: 'NOT_A_TABLE' });
    expect(await run.call('desktop.exists', { target: 'cell "INV-3" [selected="true"]' })).toBe(false);
    await run.call('desktop.select', { target: 'table', option: 'INV-3' });
    expect(await run.call('desktop.exists', { target: 'cell "INV-3" [selected="true"]' })).toBe(true);
    await run.call('desktop.doubleClick', { target: 'cell "INV-1"', expect: { gone: 'window "Invoices"' } });
  });

  test('sets a number within its range only', async () => {
    await open('--scale', '--title', 'Share', '--min-value', '0', '--max-value', '50', '--value', '5');
    await run.call('desktop.setValue', { target: 'slider', value: 33 });
    expect(await run.call('desktop.value', { target: 'slider' })).toBe('33');
    const outside = await failing('setValue', { target: 'slider', value: 99 });
    expect(outside).toMatchObject({ code: 'NOT_A_NUMBER', certain: true });
    expect(outside.detail).toContain('0 to 50');
  });

  test('several windows: one is named, brought to the front, moved, and closed', async () => {
    await open(...FORM);
    await open(...LIST, ...ROWS);
    const both = await failing('click', { target: 'button "OK"' });
    expect(both).toMatchObject({ code: 'SELECTOR_AMBIGUOUS', status: 409, certain: true });
    expect(both.detail).toContain('window "Entry" >> button "OK"');
    expect(both.detail).toContain('window "Invoices" >> button "OK"');
    expect(await run.call('desktop.windows', {})).toMatchObject([
      { title: 'Entry', active: false, selector: 'window "Entry"' },
      { title: 'Invoices', active: true, selector: 'window "Invoices"' },
    ]);
    expect(await run.call('desktop.activate', { window: 'window "Entry"' })).toMatchObject({ window: 'Entry' });
    const place = { window: 'window "Invoices"', x: 40, y: 50, width: 500, height: 400 };
    expect(await run.call('desktop.window', place)).toEqual({ ...place, window: 'Invoices', state: 'normal' });
    const state = (wanted: string): Promise<unknown> =>
      run.call('desktop.window', { window: 'window "Invoices"', state: wanted });
    expect(await state('maximized')).toMatchObject({ state: 'maximized', x: 0 });
    expect(await state('minimized')).toMatchObject({ state: 'minimized' });
    expect(await state('normal')).toMatchObject({ state: 'normal', width: 500 });
    await run.call('desktop.close', { window: 'window "Invoices"' });
    expect(await run.call('desktop.exists', { target: 'window "Invoices"' })).toBe(false);
    expect(await run.call('desktop.exists', { target: 'window "Entry"' })).toBe(true);
  });

  test('a field that holds a secret is painted over, and others are not', async () => {
    await open(...FORM);
    const secret = 'hunter2-hunter2';
    const target = 'textbox "Account"';
    await run.call('desktop.screenshot', { target, saveAs: 'empty.png' });
    await run.call('desktop.setValue', { target, value: 'plain words' });
    await run.call('desktop.screenshot', { target, saveAs: 'plain.png' });
    expect(await coloursOf(run, 'plain.png')).toBeGreaterThan(3);
    await run.call('desktop.setValue', { target, value: secret }, { usesSecret: true });
    await run.call('desktop.screenshot', { target, saveAs: 'secret.png' });
    expect(await coloursOf(run, 'secret.png')).toBe(1);
    // A protected field is covered whoever filled it.
    await run.call('desktop.screenshot', { target: 'textbox "Pin"', saveAs: 'pin.png' });
    expect(await coloursOf(run, 'pin.png')).toBe(1);
  });

  test('reads the text in a picture, and where it stands', async () => {
    await open('--info', '--title', 'Notice', '--text', 'Invoice INV-4711 was paid');
    const read = (await run.call('desktop.ocr', { target: 'window "Notice"' }, { timeoutMs: 60_000 })) as {
      text: string;
      lines: { text: string; x: number; y: number; width: number }[];
    };
    expect(read.text).toContain('Invoice INV-4711 was paid');
    const line = read.lines.find(({ text }) => text.includes('4711'));
    // In the middle of the screen, as the window.
    expect(line?.x).toBeGreaterThan(300);
    expect(line?.width).toBeLessThan(400);
  });

  test('the agent’s policy is asked before a program is started', async () => {
    const asked: string[] = [];
    const policy: StepPolicy = {
      ...unrestricted,
      checkApplication: async (program) => {
        asked.push(program);
        const facts = {
          type: 'authorization',
          code: 'POLICY_APPLICATION_REFUSED',
          title: 'No',
          certain: true,
        } as const;
        throw new StepFailure(facts);
      },
    };
    const refused = failureOf(run.call('desktop.open', { app: 'zenity', args: FORM }, { policy }));
    expect(await refused).toMatchObject({ code: 'POLICY_APPLICATION_REFUSED', certain: true });
    expect(asked).toEqual(['/usr/bin/zenity']);
    expect(await run.call('desktop.windows', {})).toEqual([]);
    // The control: with a policy that lets it, the same program starts.
    await open(...FORM);
    expect(await run.call('desktop.windows', {})).toHaveLength(1);
  });

  test('a program that is not there, and one that ends at once, say so', async () => {
    const args = { app: 'no-such-program-here' };
    expect(await failing('open', args, 5_000)).toMatchObject({ code: 'APPLICATION_NOT_FOUND', certain: true });
    const ended = await failing('open', { app: 'zenity', args: ['--no-such-option'] }, 10_000);
    expect(ended).toMatchObject({ code: 'APPLICATION_ENDED', certain: false });
    expect(ended.detail).toContain('exit code');
    const other = await failing('open', { app: 'zenity', args: FORM, window: 'window "Other"' }, 8_000);
    expect(other).toMatchObject({ code: 'WINDOW_NOT_OPENED', status: 408 });
    expect(other.detail).toContain('"Entry"');
  });

  test('steps without an open session say what to do', async () => {
    expect(await failing('click', { target: 'button "OK"' })).toMatchObject({
      code: 'DESKTOP_NOT_OPEN',
      certain: true,
    });
  });
});

/** How many colours a picture of ours has. */
async function coloursOf(run: TestRun, name: string): Promise<number> {
  const file = await readFile(join(run.folder, 'files', name));
  const width = file.readUInt32BE(16);
  const data = file.subarray(file.indexOf('IDAT') + 4, file.indexOf('IEND') - 8);
  const rows = inflateSync(data);
  const colours = new Set<string>();
  for (let row = 0; row < rows.length; row += width * 3 + 1) {
    for (let at = row + 1; at < row + width * 3; at += 3) colours.add(rows.toString('hex', at, at + 3));
  }
  return colours.size;
}
