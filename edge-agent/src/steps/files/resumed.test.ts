/** Runs that go on in another folder, as they do with another agent: their files are made anew. */
import { afterAll, expect, test } from 'vitest';
import type { RunEvent } from '@casare/shared/protocol';
import { newRunFolder, removeRunFolders, runIt, sharedExpressions } from '../../engine/engine-for-tests.ts';
import { createStepRegistry } from '../index.ts';

afterAll(async () => {
  removeRunFolders();
  await sharedExpressions().close();
});

const STORING = `
do:
  - rows: { call: data.csv.write, with: { rows: [{ a: 1 }, { a: 2 }], saveAs: a.csv } }
  - lines: { call: data.csv.read, with: { file: a.csv, saveAs: a.jsonl } }
  - pack: { call: files.zip, with: { files: [a.csv, a.jsonl], saveAs: a.zip } }
  - unpack: { call: files.unzip, with: { file: a.zip, to: out } }
  - digest: { call: data.hash, with: { file: out/a.csv } }
`;
const steps = createStepRegistry({ home: '/nowhere', env: {}, platform: process.platform });
const NAMES = ['a.csv', 'a.jsonl', 'a.zip', 'out/a.csv', 'out/a.jsonl'];

test('wherever the first agent stopped, another one comes to the same end', async () => {
  const whole = await runIt(STORING, { steps, runFolder: newRunFolder() });
  expect(whole.ending).toMatchObject({ type: 'run.completed', output: { bytes: 9 } });
  for (let dieAfter = 1; dieAfter < whole.events.length; dieAfter += 3) {
    const journal: RunEvent[] = [];
    await runIt(STORING, { steps, runFolder: newRunFolder(), dieAfter }, journal).catch(() => undefined);
    const { ending } = await runIt(STORING, { steps, runFolder: newRunFolder(), journal, artifacts: NAMES });
    expect(ending, `after ${dieAfter} events`).toEqual(whole.ending);
  }
});

test('in the same folder nothing is made twice', async () => {
  const runFolder = newRunFolder();
  const journal: RunEvent[] = [];
  const whole = await runIt(STORING, { steps, runFolder });
  const beforeLast = whole.events.length - 3;
  await runIt(STORING, { steps, runFolder, dieAfter: beforeLast }, journal).catch(() => undefined);
  const { bodies } = await runIt(STORING, { steps, runFolder, journal, artifacts: NAMES });
  const again = bodies.filter((body) => body.type === 'step.started').map((body) => body.name);
  expect(again).not.toContain('unpack');
  expect(again).not.toContain('rows');
});
