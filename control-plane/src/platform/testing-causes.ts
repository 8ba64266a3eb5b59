/**
 * For tests, one of vitest's set-up files: what the control planes of a test log as errors is kept, and shown when the test
 * fails. An answer says only the id of its request; why it was given says the log.
 */
import { afterEach, type TestContext } from 'vitest';
import { createLog, type RootLog } from './log.ts';

/** The newest lines; what happens in a loop must not fill the memory. */
const LINES = 100;

const lines: string[] = [];

/** The log of a control plane whose test has not asked for another level. */
export function logOfCauses(): RootLog {
  const write = (line: string): void => {
    lines.push(line);
    if (lines.length > LINES) lines.shift();
  };
  return createLog({ level: 'error', name: 'control-plane', destination: { write } });
}

/** What of it has been kept, and is forgotten now. */
export function takeCauses(): string[] {
  return lines.splice(0);
}

afterEach(({ task }: TestContext) => {
  const kept = takeCauses();
  if (task.result?.state !== 'fail' || kept.length === 0) return;
  console.error(`What the control plane logged meanwhile, of ${task.name}:\n${kept.join('')}`);
});
