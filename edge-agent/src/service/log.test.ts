/** Who gets the lines of the agent's log. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openLog } from './log.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'casare-log-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('lines go to the file, and to a person all but debug', () => {
  const printed: string[] = [];
  const log = openLog(folder, 'debug', (line) => printed.push(line));
  log('debug', 'a detail');
  log('warn', 'a fault');
  expect(printed).toEqual(['warn: a fault']);
  const kept = readFileSync(join(folder, 'agent.log'), 'utf8').trim().split('\n');
  expect(kept.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(['a detail', 'a fault']);
});

test('who keeps them gets each once, debug too, and there is no file of the agent’s own', () => {
  const [printed, kept]: [string[], string[]] = [[], []];
  const log = openLog(
    (line) => kept.push(line),
    'debug',
    (line) => printed.push(line),
  );
  log('debug', 'a detail');
  log('warn', 'a fault');
  expect(kept.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(['a detail', 'a fault']);
  expect(kept.every((line) => line.endsWith('\n'))).toBe(true);
  expect(printed).toEqual([]);
  expect(existsSync(join(folder, 'agent.log'))).toBe(false);
});
