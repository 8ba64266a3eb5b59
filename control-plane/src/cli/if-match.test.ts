/** `--if-match` and `--etag-save` of the command line: a script changes what it has seen, and nothing else. */
import { api } from '@casare/shared/client';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestControlPlane, type TestControlPlane } from '../testing.ts';
import { runCli } from './program.ts';

let plane: TestControlPlane;
let dir: string;
beforeAll(async () => {
  plane = await startTestControlPlane();
  dir = await mkdtemp(path.join(tmpdir(), 'casare-cli-'));
}, 60_000);
afterAll(async () => {
  await plane.close();
  await rm(dir, { recursive: true, force: true });
});

async function casare(...args: string[]): Promise<{ code: number; err: string }> {
  let err = '';
  const terminal = {
    out: () => undefined,
    err: (text: string) => void (err += text),
    interactive: false,
    colour: false,
  };
  const env = { CASARE_HOME: plane.home, XDG_CONFIG_HOME: path.join(dir, 'config') };
  return { code: await runCli(args, { terminal, env, signal: new AbortController().signal, exitCode: 0 }), err };
}

test('a change is made of what was seen; who comes after somebody else is told, and nothing is done', async () => {
  const file = path.join(dir, 'etag');
  const etag = async () => (await readFile(file, 'utf8')).trim();
  expect(await casare('tenant', 'show', '--etag-save', file)).toMatchObject({ code: 0 });
  const seen = await etag();
  expect(seen).toMatch(/^"[\w-]{32}"$/);
  expect(
    await casare('tenant', 'retention', '--jobs-days', '9', '--if-match', seen, '--etag-save', file),
  ).toMatchObject({
    code: 0,
  });
  // What the change left is known without another look.
  const left = await etag();
  expect(left).not.toBe(seen);
  const late = await casare('tenant', 'retention', '--jobs-days', '3', '--if-match', seen, '--etag-save', file);
  expect(late.code).toBe(1);
  expect(late.err).toContain('PRECONDITION_FAILED: This was changed after you looked at it.');
  expect(late.err).toContain('Get it again');
  expect((await plane.client.call(api.tenant.get)).retention.jobsDays).toBe(9);
  expect(await etag()).toBe(left);
});

test('a change that cannot be bound is refused, and accounts are deleted by their ETag', async () => {
  expect((await casare('token', 'create', '--if-match', '"x"')).err).toContain('IF_MATCH_NOT_TAKEN');
  expect((await plane.client.call(api.joinTokens.list)).items).toEqual([]);
  const { account } = await plane.client.call(api.accounts.invite, {
    body: { email: 'a@example.com', role: 'viewer' },
  });
  const remove = (...more: string[]) => casare('accounts', 'delete', account.id, ...more);
  expect((await remove('--if-match', '"x"')).err).toContain('PRECONDITION_FAILED');
  expect(await remove('--if-match', '*')).toEqual({ code: 0, err: '' });
  expect((await remove()).code).toBe(4);
});
