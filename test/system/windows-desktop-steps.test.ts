/**
 * Desktop steps by hand on Windows, under Wine: a parcel is dragged, menus are opened and chosen from, over a DOUBLE of UI
 * Automation. Menus, pointer and keys are Wine's own.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { skipName } from '../../edge-agent/src/desktop/desktop-for-tests.ts';
import { newRun, type TestRun } from '../../edge-agent/src/steps/browser/run-for-tests.ts';
import { desktopSteps } from '../../edge-agent/src/steps/desktop/index.ts';
import { startWindowsDesk, type WindowsDesk } from '../support/windows-desk.ts';
import { wineOrReason } from '../support/wine.ts';

const reason = await wineOrReason();
/** A busy machine starts programs of Windows slowly. */
const PATIENT = { timeoutMs: 60_000 };
const START_MS = 300_000;

describe.skipIf(reason !== null)(skipName('desktop steps on Windows, by Wine', reason), () => {
  describe('by hand, over a double of UI Automation', () => {
    const { call } = runOn('parcels');

    test('a parcel is dragged onto a shelf, whose context menu removes it', async () => {
      await call('desktop.attach', { window: 'window "Parcels"' });
      const isThere = { visible: 'group "Shelf with parcel"' };
      await call('desktop.drag', { from: 'group "Parcel"', to: 'group "Shelf"', expect: isThere });
      await call('desktop.rightClick', {
        target: 'group "Shelf with parcel"',
        expect: { visible: 'menuitem "Remove"' },
      });
      await call('desktop.click', { target: 'menuitem "Remove"', expect: { visible: 'group "Shelf"' } });
    });

    test('a menu of the bar is opened, closed and opened again, and an item of it is chosen', async () => {
      await call('desktop.attach', { window: 'window "Parcels"' });
      const edit = 'menuitem "Edit"';
      expect(await call('desktop.expand', { target: edit, expect: { visible: 'menuitem "Finish"' } })).toEqual({
        expanded: true,
      });
      await call('desktop.keys', { keys: '{Escape}{Escape}' });
      await call('desktop.waitFor', { gone: 'menuitem "Finish"' });
      await call('desktop.click', { target: edit, expect: { visible: 'menuitem "Finish"' } });
      await call('desktop.click', { target: 'menuitem "Finish"', expect: { gone: 'window "Parcels"' } });
    });
  });
});

/** A window of the form, and a run of steps on it for each test. */
function runOn(kind: string) {
  let desk: WindowsDesk;
  let run: TestRun;
  beforeAll(async () => {
    desk = await startWindowsDesk({ automation: 'double' });
    desk.open(kind);
  }, START_MS);
  beforeEach(async () => {
    const steps = desktopSteps(async () => ({ driver: desk.driver, env: {}, own: true, close: async () => undefined }));
    run = await newRun({ find: (name) => steps.find(({ declaration }) => declaration.name === name) ?? null });
  });
  afterEach(() => run.end());
  afterAll(() => desk.close());
  return { call: (name: string, args: unknown): Promise<unknown> => run.call(name, args, PATIENT) };
}
