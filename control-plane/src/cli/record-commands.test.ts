/** `casare job record` against a running control plane: the file is whole or not there, and nothing is overwritten. */
import { api, createClient } from '@casare/shared/client';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestControlPlane, type TestControlPlane } from '../testing.ts';
import { runCli } from './program.ts';
import { openArchive } from './run-view/archive.ts';

const WORKFLOW = {
  document: { dsl: '1.0.3', namespace: 'test', name: 'recorded', version: '1.0.0' },
  do: [{ greet: { set: { hello: 'world' } } }],
};

let plane: TestControlPlane;
let dir: string;
let job: string;
beforeAll(async () => {
  plane = await startTestControlPlane();
  dir = await mkdtemp(path.join(tmpdir(), 'casare-record-'));
  const client = createClient({ url: plane.url, apiKey: await plane.keyOf('owner') });
  const { id: workflow } = await client.call(api.workflows.push, { body: WORKFLOW });
  job = (await client.call(api.jobs.submit, { body: { workflow, input: { of: 'mine' } } })).id;
});
afterAll(async () => {
  await plane.close();
  await rm(dir, { recursive: true, force: true });
});

async function record(id: string, out: string, env: Record<string, string> = {}) {
  const written = { out: '', err: '' };
  const terminal = {
    out: (text: string) => void (written.out += text),
    err: (text: string) => void (written.err += text),
    ...{ interactive: false, colour: false },
  };
  const all = { CASARE_HOME: plane.home, XDG_CONFIG_HOME: path.join(dir, 'config'), ...env };
  const around = { terminal, env: all, signal: new AbortController().signal, exitCode: 0 };
  return { code: await runCli(['job', 'record', id, '--out', out], around), ...written };
}

test('saves the record of a job, also of one that has not begun', async () => {
  const file = path.join(dir, 'run.zip');
  expect(await record(job, file)).toMatchObject({ code: 0, out: `${file}\n` });
  const archive = await openArchive(file);
  expect(archive.run).toMatchObject({
    job: { id: job, state: 'pending', input: { of: 'mine' } },
    document: { document: { name: 'recorded' } },
  });
  archive.close();
  expect(await readdir(dir)).toEqual(['run.zip']);
});

test('is for whoever fetched it alone, and touches no file beside it', async () => {
  const [file, beside] = [path.join(dir, 'own.zip'), path.join(dir, 'own.zip.part')];
  await writeFile(beside, 'mine');
  expect(await record(job, file)).toMatchObject({ code: 0 });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readFile(beside, 'utf8')).toBe('mine');
  await Promise.all([rm(file), rm(beside)]);
});

test('overwrites nothing, and leaves nothing when it is refused', async () => {
  const taken = path.join(dir, 'taken.zip');
  await writeFile(taken, 'mine');
  expect(await record(job, taken)).toMatchObject({ code: 2 });
  expect(await readFile(taken, 'utf8')).toBe('mine');
  await rm(taken);
  const none = path.join(dir, 'none.zip');
  expect(await record('0198a7c0-0000-7000-8000-000000000000', none)).toMatchObject({ code: 4 });
  expect(await record(job, none, { CASARE_URL: plane.url, CASARE_API_KEY: 'wrong' })).toMatchObject({ code: 3 });
  expect((await readdir(dir)).filter((name) => name !== 'run.zip')).toEqual([]);
});

test('says so when it breaks off, or cannot be written, and leaves nothing', async () => {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/zip' });
    response.write('half of it', () => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const broken = path.join(dir, 'broken.zip');
  const env = { CASARE_URL: `http://127.0.0.1:${port}`, CASARE_API_KEY: 'any' };
  expect(await record(job, broken, env)).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^RECORD_BROKEN_OFF: /) as string,
  });
  server.close();
  const nowhere = path.join(dir, 'none', 'run.zip');
  expect(await record(job, nowhere)).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^RECORD_NOT_SAVED: /) as string,
  });
  expect((await readdir(dir)).filter((name) => name !== 'run.zip')).toEqual([]);
});
