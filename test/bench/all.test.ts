/** All benches, one after the other: one that fails keeps no other from running, and is named. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runAll } from './all.ts';

/** A bench that prints its arguments; `bad` fails after a line. */
const SCRIPT = `
const [name, ...args] = process.argv.slice(2);
console.log('a table');
if (name === 'bad') process.exit(1);
console.log(JSON.stringify({ bench: name, args }));
`;

let folder: string;
let script: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'casare-all-'));
  script = path.join(folder, 'bench.mjs');
  await writeFile(script, SCRIPT);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function run(...names: string[]) {
  const told: string[] = [];
  let printed = '';
  const code = await runAll({
    ...{ names, script, args: ['--rounds', '3'] },
    print: (text) => void (printed += text),
    progress: (line) => void told.push(line),
  });
  return { code, printed, told, last: JSON.parse(printed.trimEnd().split('\n').at(-1)!) as unknown };
}

test('each gets the arguments, its table is shown, and the last line has every outcome', async () => {
  const { code, printed, told, last } = await run('one', 'two');
  expect(code).toBe(0);
  expect(printed.match(/a table/g)).toHaveLength(2);
  const outcomes = ['one', 'two'].map((bench) => ({ bench, args: ['--rounds', '3'] }));
  expect(last).toEqual({ bench: 'all', failed: [], outcomes });
  expect(told[0]).toBe('one (1 of 2)');
  expect(told[1]).toMatch(/^one ended after \d+ s$/);
});

test('one that fails is named, the others run, and the exit code says it', async () => {
  const { code, printed, told, last } = await run('one', 'bad', 'two');
  expect(code).toBe(1);
  expect(last).toMatchObject({ failed: ['bad'], outcomes: [{ bench: 'one' }, { bench: 'two' }] });
  expect(printed).toContain('all: 2 of 3 benches');
  expect(printed).toContain('FAILED: bad');
  expect(told.join('\n')).toMatch(/bad FAILED after/);
});
