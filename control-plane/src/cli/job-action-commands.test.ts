/** `casare jobs cancel|pause|resume|retry` against a running control plane. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestControlPlane, type TestControlPlane } from '../testing.ts';
import { runCli } from './program.ts';

const WORKFLOW = `document: { dsl: '1.0.3', namespace: test, name: many, version: '1.0.0' }
do: [{ greet: { set: { text: hello } } }]
`;

let plane: TestControlPlane;
let dir: string;
beforeAll(async () => {
  plane = await startTestControlPlane();
  dir = await mkdtemp(path.join(tmpdir(), 'casare-cli-'));
  await writeFile(path.join(dir, 'many.yaml'), WORKFLOW);
});
afterAll(async () => {
  await plane.close();
  await rm(dir, { recursive: true, force: true });
});

/** `typed`: what a person answers at a terminal; null where nobody is there. */
async function casare(typed: string | null, ...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const written = { out: '', err: '' };
  const terminal = {
    out: (text: string) => void (written.out += text),
    err: (text: string) => void (written.err += text),
    interactive: false,
    colour: false,
  };
  const input = {
    interactive: typed !== null,
    read: () => Promise.resolve(''),
    ask: () => Promise.resolve(typed ?? ''),
  };
  const env = { CASARE_HOME: plane.home, XDG_CONFIG_HOME: path.join(dir, 'config') };
  const around = { terminal, env, signal: new AbortController().signal, exitCode: 0, input };
  return { code: await runCli(args, around), ...written };
}

test('all that fit, after a person or --yes has said so; and one job by its id', async () => {
  const ids: string[] = [];
  for (let n = 0; n < 2; n++) {
    const { out } = await casare(null, 'run', path.join(dir, 'many.yaml'), '--output', 'json');
    ids.push((JSON.parse(out) as { id: string }).id);
  }
  const filter = ['--state', 'pending', '--workflow', 'test/many'];
  expect((await casare(null, 'jobs', 'cancel', ...filter, '--dry-run')).out).toBe('2 jobs fit.\n');
  expect(await casare(null, 'jobs', 'cancel')).toMatchObject({ code: 2 });
  expect(await casare(null, 'jobs', 'cancel', ...filter)).toMatchObject({ code: 2 });
  expect(await casare('no', 'jobs', 'cancel', ...filter)).toMatchObject({ code: 1, out: '' });
  expect(await casare('yes', 'jobs', 'pause', ...filter, '--limit', '1')).toMatchObject({
    code: 0,
    out: `${ids[0]}\n`,
  });
  expect((await casare(null, 'jobs', '--state', 'paused', '--output', 'json')).out).toContain(ids[0]);
  expect(await casare(null, 'jobs', 'resume', '--all', '--yes')).toMatchObject({ code: 0, out: `${ids[0]}\n` });
  expect((await casare(null, 'job', 'pause', ids[1]!)).out).toContain('paused');
  expect(await casare(null, 'jobs', 'cancel', '--workflow', 'test/many', '--yes')).toMatchObject({
    ...{ code: 0, out: `${ids.join('\n')}\n` },
  });
});
