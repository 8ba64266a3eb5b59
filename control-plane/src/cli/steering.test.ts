/** `casare job review`, `routes`, `route` and `maintenance` against a running control plane. */
import { writeFile } from 'node:fs/promises';
import { beforeAll, expect, test } from 'vitest';
import { sql } from '../platform/database/index.ts';
import { cliOfTests } from './testing.ts';

const WORKFLOW = `document: { dsl: '1.0.3', namespace: test, name: hello, version: '1.0.0' }
do: [{ greet: { set: { text: hello } } }]
`;
const askAbout = sql<never, [job: string]>(
  'testAskAbout',
  `WITH gone AS (DELETE FROM job_ready WHERE job_id = $1)
   UPDATE job SET state = 'needs_review', review = '{"reason": "may have acted", "position": null}' WHERE id = $1`,
);

const cli = cliOfTests();
beforeAll(async () => {
  await writeFile(cli.at('hello.yaml'), WORKFLOW);
});

const casare = (...args: string[]) => cli.run(args);
async function answer(...args: string[]): Promise<unknown> {
  const ran = await casare(...args, '--output', 'json');
  expect(ran.code, ran.err).toBe(0);
  return ran.out === '' ? null : JSON.parse(ran.out);
}
async function asked(): Promise<string> {
  const { id } = (await answer('run', cli.at('hello.yaml'))) as { id: string };
  await cli.plane.database.db.execute(askAbout(id));
  return id;
}
const review = (id: string, ...more: string[]) => ['job', 'review', id, '--reason', 'looked', ...more];

test('a review says with what a job or its step in doubt ended', async () => {
  const id = await asked();
  expect((await casare('job', 'show', id)).out).toContain('A person must decide: may have acted');
  const settled = review(id, '--decision', 'succeed', '--result', '{"files": 3}');
  expect(await answer(...settled)).toMatchObject({ state: 'succeeded', output: { files: 3 } });
  // It has ended: there is nothing more to decide.
  expect((await casare(...settled)).code).toBe(1);
});

test.each([
  ['a result that is no JSON', ['--decision', 'succeed', '--result', '{files'], 2],
  ['a decision that there is not', ['--decision', 'guess'], 2],
  ['no decision', [], 2],
])('a review with %s is refused, and the job waits', async (_, more, code) => {
  const id = await asked();
  expect((await casare(...review(id, ...more))).code).toBe(code);
  expect(await answer('job', 'show', id)).toMatchObject({ state: 'needs_review' });
});

test('a review can run the job again, or fail it', async () => {
  const [again, over] = [await asked(), await asked()];
  expect(await answer(...review(again, '--decision', 'retry'))).toMatchObject({ state: 'pending', generation: 2 });
  expect(await answer(...review(over, '--decision', 'fail'))).toMatchObject({ state: 'failed' });
});

test('a route is listed, paused and resumed', async () => {
  await answer('run', cli.at('hello.yaml'), '--requires', 'region=eu');
  const { items } = (await answer('routes')) as { items: { id: string; capabilities: string[]; ready: number }[] };
  const route = items.find(({ capabilities }) => capabilities.includes('region=eu'));
  expect(route).toMatchObject({ ready: 1 });
  expect(await answer('route', 'pause', route!.id)).toMatchObject({ paused: true });
  expect((await casare('routes')).out).toMatch(/yes .*region=eu/);
  expect(await answer('route', 'resume', route!.id)).toMatchObject({ paused: false });
  expect((await casare('route', 'pause', '999999')).code).toBe(4);
});

test('a maintenance window is made, listed and removed', async () => {
  const weekly = ['--days', '6,7', '--start', '22:00', '--minutes', '120', '--zone', 'Europe/Berlin'];
  const made = (await answer('maintenance', 'create', 'site', 'plant-7', '--reason', 'patches', ...weekly)) as {
    id: string;
  };
  const listed = await casare('maintenance', 'list');
  expect(listed.out).toContain('days 6,7 at 22:00 for 120 min, Europe/Berlin');
  await answer('maintenance', 'remove', made.id);
  expect((await casare('maintenance', 'list')).out).not.toContain('plant-7');
  expect((await casare('maintenance', 'remove', made.id)).code).toBe(4);
});

test.each([
  ['a scope that there is not', ['planet', 'earth', '--reason', 'x']],
  ['a time that is none', ['site', 'a', '--reason', 'x', '--from', 'tomorrow', '--to', 'later']],
  ['no reason', ['site', 'a']],
])('a window with %s is refused before anybody is asked', async (_, args) => {
  expect((await casare('maintenance', 'create', ...args)).code).toBe(2);
});
