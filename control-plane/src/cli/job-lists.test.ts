/** `casare submit` and `casare dead-letters` against a running control plane. */
import { writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { sql } from '../platform/database/index.ts';
import { cliOfTests } from './testing.ts';

const WORKFLOW = `document: { dsl: '1.0.3', namespace: test, name: hello, version: '1.0.0' }
do: [{ greet: { set: { text: hello } } }]
`;
// Its place in the queue goes too: the job is over.
const failJob = sql<never, [job: string, code: string]>(
  'testFailJob',
  `WITH gone AS (DELETE FROM job_ready WHERE job_id = $1)
   UPDATE job SET state = 'failed', ended_at = now(), dead_letter = 'exhausted',
     error = jsonb_build_object('type', 'about:blank', 'status', 503, 'code', $2::text) WHERE id = $1`,
);
const jobCount = sql<{ n: number }, []>('testJobCount', 'SELECT count(*)::int AS n FROM job');

const cli = cliOfTests();
beforeAll(async () => {
  await writeFile(cli.at('hello.yaml'), WORKFLOW);
  await casare('workflow', 'push', cli.at('hello.yaml'));
});

const casare = (...args: string[]) => cli.run(args);
const as = (apiKey: string, ...args: string[]) =>
  cli.run(args, { env: { CASARE_URL: cli.plane.url, CASARE_API_KEY: apiKey } });
async function countJobs(): Promise<number> {
  return (await cli.plane.database.db.query(jobCount()))[0]!.n;
}
/** Submits two jobs; their ids. */
async function submitted(...more: string[]): Promise<string[]> {
  const file = cli.at('jobs.json');
  await writeFile(file, JSON.stringify([{ workflow: 'test/hello' }, { workflow: 'test/hello', priority: 90 }]));
  const ran = await casare('submit', file, ...more);
  expect(ran.code, ran.err).toBe(0);
  return ran.out.trim().split('\n');
}

describe('submit', () => {
  test('takes an array or lines, and gives the ids in order', async () => {
    expect(await submitted()).toHaveLength(2);
    const lines = cli.at('jobs.ndjson');
    await writeFile(lines, '{"workflow":"test/hello"}\n\n{"workflow":"test/hello"}\n');
    const ran = await casare('submit', lines, '--output', 'json');
    expect((JSON.parse(ran.out) as { ids: string[] }).ids).toHaveLength(2);
  });

  test('with the same key submits once', async () => {
    expect(await submitted('--idempotency-key', 'k1')).toEqual(await submitted('--idempotency-key', 'k1'));
  });

  test('submits all or none', async () => {
    const before = await countJobs();
    const file = cli.at('bad.json');
    await writeFile(file, JSON.stringify([{ workflow: 'test/hello' }, { workflow: 'test/none' }]));
    expect(await casare('submit', file)).toMatchObject({
      code: 4,
      err: expect.stringMatching(/^WORKFLOW_NOT_FOUND/) as string,
    });
    await writeFile(file, JSON.stringify([{ workflow: 'test/hello' }, { workflow: 'test/hello', priority: 101 }]));
    expect((await casare('submit', file)).code).toBe(1);
    expect(await countJobs()).toBe(before);
  });

  test('says which line is no JSON, or that the file is not there', async () => {
    const file = cli.at('broken.ndjson');
    await writeFile(file, '{"workflow":"test/hello"}\nworkflow: test/hello\n');
    expect(await casare('submit', file)).toMatchObject({
      code: 2,
      err: expect.stringContaining('line 2 is no JSON') as string,
    });
    expect((await casare('submit', cli.at('none'))).code).toBe(2);
  });
});

describe('dead-letters', () => {
  test('are listed, shown, run again and put away', async () => {
    const [one, two] = (await submitted()) as [string, string];
    await cli.plane.database.db.execute(failJob(one, 'FLAKY'));
    await cli.plane.database.db.execute(failJob(two, 'OTHER'));
    expect((await casare('dead-letters', 'list', '--code', 'FLAKY')).out).toMatch(
      new RegExp(String.raw`^ID +REASON +CODE .*\n${one} +exhausted +FLAKY +test/hello@1\.0\.0 `),
    );
    expect((await casare('dead-letters', 'counts', '--code', 'FLAKY')).out).toMatch(/^\(all\) .* \d+ +\d+ /m);
    expect((await casare('dead-letters', 'show', one)).out).toMatch(/reason +exhausted/);
    expect((await casare('dead-letters', 'retry')).err).toMatch(/Say which/);
    expect((await casare('dead-letters', 'purge', one, '--all')).code).toBe(2);

    const viewer = await cli.plane.keyOf('viewer');
    const developer = await cli.plane.keyOf('developer');
    expect((await as(viewer, 'dead-letters', 'list')).code).toBe(0);
    expect((await as(viewer, 'dead-letters', 'retry', one)).code).toBe(3);
    expect((await as(developer, 'dead-letters', 'purge', one)).code).toBe(3);

    expect(await as(developer, 'dead-letters', 'retry', '--code', 'FLAKY')).toMatchObject({ code: 0, out: `${one}\n` });
    const again = await casare('dead-letters', 'retry', one);
    expect([again.code, again.err]).toEqual([1, `${one}: DEAD_LETTER_NOT_FOUND\n`]);
    expect((await casare('dead-letters', 'purge', '--all')).out).toBe(`${two}\n`);
    expect((await casare('dead-letters', 'show', two)).code).toBe(4);
  });
});
