/** The desktop steps on a calculator: buttons, menus, keys, states, and what goes wrong. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { DESKTOP_STEPS } from '@casare/shared/workflow';
import { desktopPrograms, skipName } from '../../desktop/desktop-for-tests.ts';
import type { Step, StepFailure } from '../../engine/index.ts';
import { failureOf, type TestRun } from '../browser/run-for-tests.ts';
import { newDesktopRun } from './run-for-tests.ts';
import { desktopStep } from './step.ts';

const reason = await desktopPrograms('galculator');
const DISPLAY = 'window "galculator" >> textbox';
/** A step that never comes back. */
const hang = (acts: boolean): Step =>
  desktopStep(DESKTOP_STEPS.click, (_, scope) => {
    if (acts) scope.acting();
    return new Promise(() => undefined);
  });

describe.skipIf(reason !== null)(skipName('a calculator', reason), () => {
  let run: TestRun;
  beforeAll(async () => {
    run = await newDesktopRun({ 'hang after acting': hang(true), 'hang before acting': hang(false) });
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

  test('a step that hangs is in doubt from where it acts, and not before', async () => {
    const args = { target: 'button "1"' };
    const failureAfter = (name: string) => failureOf(run.call(name, args, { timeoutMs: 1_000 }));
    expect(await failureAfter('hang before acting')).toMatchObject({ code: 'STEP_TIMEOUT', certain: true });
    expect(await failureAfter('hang after acting')).toMatchObject({ code: 'STEP_TIMEOUT', certain: false });
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

  test('chooses what is in closed menus, of any depth', async () => {
    const scientific = 'menuitemradio "Scientific Mode"';
    expect(await run.call('desktop.exists', { target: 'button "sin"' })).toBe(false);
    await run.call('desktop.click', { target: scientific, expect: { visible: 'button "sin"' } });
    expect(await run.call('desktop.check', { target: scientific })).toEqual({ checked: true });
    const functions = 'menu "View" >> menu "Buttons" >> menuitemcheckbox "Functions"';
    expect(await run.call('desktop.check', { target: functions, checked: false })).toEqual({ checked: false });
    await run.call('desktop.waitFor', { gone: 'button "sin"' });
    expect(await run.call('desktop.check', { target: functions })).toEqual({ checked: true });
    await run.call('desktop.waitFor', { visible: 'button "sin"' });
    await run.call('desktop.click', { target: 'menuitemradio "Basic Mode"', expect: { gone: 'button "sin"' } });
  });

  test('what is not enabled is not clicked, and what is not there is proposed', async () => {
    const failing = (args: unknown): Promise<StepFailure> =>
      failureOf(run.call('desktop.click', args, { timeoutMs: 4_000 }));
    const disabled = await failing({ target: 'button "MR"' });
    expect(disabled).toMatchObject({ code: 'ELEMENT_NOT_READY', status: 408, certain: true });
    expect(disabled.detail).toContain('not enabled');
    const misspelt = await failing({ target: 'button "sqr"' });
    expect(misspelt).toMatchObject({ code: 'SELECTOR_NO_MATCH', status: 408, certain: true });
    expect(misspelt.detail).toContain('Nearest: button "sqrt"');
    expect(run.seen.target).toMatchObject({
      found: null,
      matches: 0,
      candidates: expect.arrayContaining(['button "sqrt"']) as string[],
    });
    expect(await failing({ target: 'css=button' })).toMatchObject({ code: 'SELECTOR_INVALID', certain: true });
    expect(await failing({ target: 'button [href="x"]' })).toMatchObject({ code: 'SELECTOR_INVALID' });
  });
});
