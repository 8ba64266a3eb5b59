/** The desktop steps on a calculator: buttons, menus, keys, states, and what goes wrong. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { desktopPrograms, skipName } from '../../desktop/desktop-for-tests.ts';
import type { TestRun } from '../browser/run-for-tests.ts';
import { newDesktopRun } from './run-for-tests.ts';

const reason = await desktopPrograms('galculator');
const DISPLAY = 'window "galculator" >> textbox';

describe.skipIf(reason !== null)(skipName('a calculator', reason), () => {
  let run: TestRun;
  beforeAll(async () => {
    run = await newDesktopRun();
    await run.call('desktop.open', { app: 'galculator', window: 'window "galculator"' });
  });
  afterEach(() => run.call('desktop.click', { target: 'button "AC"' }));
  afterAll(() => run.end());

  const click = (name: string): Promise<unknown> => run.call('desktop.click', { target: `button "${name}"` });

  test('clicks buttons and reads the display', async () => {
    for (const name of ['1', '2', '+', '3', '0', '=']) await click(name);
    expect(await run.call('desktop.text', { target: DISPLAY })).toMatch(/^42\b/);
    expect(run.seen).toMatchObject({
      target: { selector: DISPLAY, found: expect.stringMatching(/textbox/) as string, matches: 1 },
      window: { title: 'galculator', application: '/usr/bin/galculator' },
    });
  });

  test('presses keys and types', async () => {
    // GTK lets nobody push the same button twice within a quarter of a second: each key once.
    await run.call('desktop.keys', { keys: '6*7{Enter}' });
    expect(await run.call('desktop.text', { target: DISPLAY })).toMatch(/^42\b/);
    await run.call('desktop.type', { text: '95' });
    expect(await run.call('desktop.text', { target: DISPLAY })).toMatch(/^95\b/);
    await run.call('desktop.keys', { keys: '{Backspace}{1}' });
    expect(await run.call('desktop.text', { target: DISPLAY })).toMatch(/^91\b/);
  });
});
