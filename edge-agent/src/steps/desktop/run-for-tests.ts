/** Runs without an engine on real desktops. */
import type { Step } from '../../engine/index.ts';
import { createStepRegistry } from '../index.ts';
import { newRun, type TestRun } from '../browser/run-for-tests.ts';

/** A run whose first `desktop.open` starts a display of its own; `more` are steps of the test, found by their names. */
export function newDesktopRun(more: Readonly<Record<string, Step>> = {}): Promise<TestRun> {
  const { PATH, LANG, TMPDIR } = process.env;
  const env = { PATH, LANG, TMPDIR };
  const product = createStepRegistry({ home: '/nonexistent', env, platform: process.platform });
  return newRun({ find: (reference) => more[reference] ?? product.find(reference) });
}
