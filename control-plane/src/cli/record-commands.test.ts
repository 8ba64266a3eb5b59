/** `casare job record` against a running control plane: the file is whole or not there, and nothing is overwritten. */
import { api, createClient } from '@casare/shared/client';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { openArchive } from './run-view/archive.ts';
import { cliOfTests } from './testing.ts';

const WORKFLOW = {
  document: { dsl: '1.0.3', namespace: 'test', name: 'recorded', version: '1.0.0' },
  do: [{ greet: { set: { hello: 'world' } } }],
};

const cli = cliOfTests();
let job: string;
beforeAll(async () => {
  const client = createClient({ url: cli.plane.url, apiKey: await cli.plane.keyOf('owner') });
  const { id: workflow } = await client.call(api.workflows.push, { body: WORKFLOW });
  job = (await client.call(api.jobs.submit, { body: { workflow, input: { of: 'mine' } } })).id;
});

const record = (id: string, out: string, env: Record<string, string> = {}) =>
  cli.run(['job', 'record', id, '--out', out], { env });

test('saves the record of a job, also of one that has not begun', async () => {
  const file = cli.at('run.zip');
  expect(await record(job, file)).toEqual({ code: 0, out: `${file}\n`, err: '' });
  const archive = await openArchive(file);
  expect(archive.run).toMatchObject({
    job: { id: job, state: 'pending', input: { of: 'mine' } },
    document: { document: { name: 'recorded' } },
  });
  archive.close();
  expect(await readdir(cli.dir)).toEqual(['run.zip']);
});

test('is for whoever fetched it alone, and touches no file beside it', async () => {
  const [file, beside] = [cli.at('own.zip'), cli.at('own.zip.part')];
  await writeFile(beside, 'mine');
  expect(await record(job, file)).toMatchObject({ code: 0 });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readFile(beside, 'utf8')).toBe('mine');
  await Promise.all([rm(file), rm(beside)]);
});

test('overwrites nothing, and leaves nothing when it is refused', async () => {
  const taken = cli.at('taken.zip');
  await writeFile(taken, 'mine');
  expect(await record(job, taken)).toMatchObject({ code: 2 });
  expect(await readFile(taken, 'utf8')).toBe('mine');
  await rm(taken);
  const none = cli.at('none.zip');
  expect(await record('0198a7c0-0000-7000-8000-000000000000', none)).toMatchObject({ code: 4 });
  expect(await record(job, none, { CASARE_URL: cli.plane.url, CASARE_API_KEY: 'wrong' })).toMatchObject({ code: 3 });
  expect((await readdir(cli.dir)).filter((name) => name !== 'run.zip')).toEqual([]);
});

test('says so when it breaks off, or cannot be written, and leaves nothing', async () => {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/zip' });
    response.write('half of it', () => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const broken = cli.at('broken.zip');
  const env = { CASARE_URL: `http://127.0.0.1:${port}`, CASARE_API_KEY: 'any' };
  expect(await record(job, broken, env)).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^RECORD_BROKEN_OFF: /) as string,
  });
  server.close();
  const nowhere = path.join(cli.dir, 'none', 'run.zip');
  expect(await record(job, nowhere)).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^RECORD_NOT_SAVED: /) as string,
  });
  expect((await readdir(cli.dir)).filter((name) => name !== 'run.zip')).toEqual([]);
});
