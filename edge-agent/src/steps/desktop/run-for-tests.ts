/** Runs without an engine on real desktops. */
import { createStepRegistry } from '../index.ts';
import { newRun, type TestRun } from '../browser/run-for-tests.ts';

/** A run whose first `desktop.open` starts a display of its own. */
export function newDesktopRun(): Promise<TestRun> {
  const { PATH, LANG, TMPDIR } = process.env;
  return newRun(createStepRegistry({ home: '/nonexistent', env: { PATH, LANG, TMPDIR }, platform: process.platform }));
}
