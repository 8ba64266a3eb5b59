/** The engines of ours that selectors are made of beside Playwright's own. */
import { registerFrameEngine } from './frame-engine.ts';
import { registerQuestionEngine } from './question-engine.ts';

/** Makes them known to Playwright; before the first page of a browser is opened. */
export async function registerEngines(): Promise<void> {
  await Promise.all([registerFrameEngine(), registerQuestionEngine()]);
}
