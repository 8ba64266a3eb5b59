/**
 * The agent as it is packed: its files in a folder far from the checkout, under the Node that lies among them. It enrols,
 * and runs jobs with steps that start its threads, and a browser that it carries.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { api } from '@casare/shared/client';
import { AGENT_FILE, makeAgent } from '../../installer/bundle/agent.ts';
import { BILL, NOTICES } from '../../installer/bundle/notices.ts';
import { TARGETS } from '../../installer/bundle/target.ts';
import { Gate } from '../support/gate.ts';
import { expectDone, openShop, type Shop, submitWork } from '../support/packed-work.ts';
import { ROOT } from '../support/program.ts';
import { startStack, type Stack } from '../support/stack.ts';

const AT = new Date('2026-01-01T00:00:00Z');
const SIGHT = `
document: { dsl: '1.0.3', namespace: packed, name: sight, version: '1.0.0' }
do:
  - open: { call: browser.open, with: { url: '\${ .portal }' } }
  - heading: { call: browser.text, with: { target: 'heading "Sign in"' } }
output: { as: '{ heading: . }' }
`;

let folder: string;
let stack: Stack;
let shop: Shop;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'casare-bundle-'));
  [stack, shop] = await Promise.all([startStack(new Gate(Infinity)), openShop()]);
});
afterAll(async () => {
  await shop.close();
  await stack.stop();
  await rm(folder, { recursive: true, force: true });
});

it('runs outside the checkout: enrols, runs http, file and data steps, and drives its own browser', async () => {
  const files = path.join(folder, 'agent');
  await makeAgent({ root: ROOT, target: TARGETS['linux-x64'], out: files, at: AT });
  const home = path.join(folder, 'home');
  const { token } = await stack.client.call(api.joinTokens.create, {
    body: { autoApprove: true, tags: ['room=packed'] },
  });
  const enrolment = packed(files, ['enrol', '--url', stack.enrolUrl, '--token', token, '--home', home]);
  expect(await enrolment.ended).toBe(0);
  const agent = packed(files, ['run', '--home', home]);
  try {
    const work = await submitWork(stack.client, shop, 'room=packed');
    expectDone(await stack.over(work.id));
    const { id } = await stack.client.call(api.workflows.push, { body: SIGHT, mediaType: 'application/yaml' });
    const body = { workflow: id, input: { portal: stack.portal.url }, requires: ['room=packed'] };
    const sight = await stack.over((await stack.client.call(api.jobs.submit, { body })).id);
    expect(sight).toMatchObject({ state: 'succeeded', output: { heading: 'Sign in' } });
  } finally {
    await agent.end();
  }
  expect(await agent.ended).toBe(0);
}, 300_000);

it('is the same to the byte and the second when it is made again', async () => {
  const [first, second] = ['first', 'second'].map((name) => path.join(folder, name));
  for (const out of [first!, second!]) await makeAgent({ root: ROOT, target: TARGETS['win-x64'], out, at: AT });
  const seen = await census(first!);
  expect(seen.length).toBeGreaterThan(100);
  expect(await census(second!)).toEqual(seen);
  for (const file of ['node.exe', BILL, NOTICES]) expect(seen.some((line) => line.startsWith(`${file} `))).toBe(true);
  // Nothing of the machine that made it.
  expect(await readFile(path.join(first!, AGENT_FILE), 'utf8')).not.toContain(ROOT);
});

function packed(files: string, args: readonly string[]): { ended: Promise<number | null>; end(): Promise<void> } {
  const child = spawn(path.join(files, 'node'), ['--disable-warning=ExperimentalWarning', AGENT_FILE, ...args], {
    cwd: files,
    // Nothing that the checkout's programs are told.
    env: { PATH: process.env['PATH'], HOME: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log = createWriteStream(path.join(folder, 'agent.log'), { flags: 'a' });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return {
    ended,
    async end() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** Each file: its path, its time, the digest of its bytes. */
async function census(root: string): Promise<string[]> {
  const lines = [];
  for (const entry of await readdir(root, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    const digest = createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
    lines.push(`${path.relative(root, file)} ${(await stat(file)).mtime.toISOString()} ${digest}`);
  }
  return lines.sort();
}
