/** Where the agent of a home is asked. That it answers is tested with a whole agent. */
import { expect, test } from 'vitest';
import { pipeOf } from './status.ts';

test('on Windows a home has one pipe, in whatever capitals it is written', () => {
  const pipe = pipeOf(String.raw`C:\ProgramData\Casare\Agent`);
  expect(pipe).toMatch(/^\\\\\.\\pipe\\casare-agent-[0-9a-f]{24}$/);
  expect(pipeOf('c:/programdata/casare/AGENT')).toBe(pipe);
  expect(pipeOf(String.raw`C:\ProgramData\Casare\Agent2`)).not.toBe(pipe);
});
