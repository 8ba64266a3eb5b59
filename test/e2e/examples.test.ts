/** Every workflow of `docs/examples` runs against its real target, by the command that its author would use. */
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { desktopPrograms, skipName } from '../../edge-agent/src/desktop/desktop-for-tests.ts';
import { ROOT } from '../support/program.ts';

const Example = z.strictObject({
  workflow: z.string(),
  shows: z.string(),
  /** A browser, or desktop applications by their Debian package; `windows` runs in test/system/windows-workflow.test.ts. */
  needs: z.array(z.string()).optional(),
  /** A program beside it that serves the target and prints its address; `{server}` in the input stands for it. */
  server: z.string().optional(),
  input: z.record(z.string(), z.json()),
  secrets: z.record(z.string(), z.json()).optional(),
  /** A part of what comes out. */
  output: z.json(),
});
const EXAMPLES = path.join(ROOT, 'docs/examples');
const RUN_MS = 120_000;

async function examplesOf(): Promise<[name: string, example: z.infer<typeof Example>, reason: string | null][]> {
  const folders = (await readdir(EXAMPLES, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const found = folders.map(async ({ name }): Promise<[string, z.infer<typeof Example>, string | null]> => {
    const example = Example.parse(JSON.parse(await readFile(path.join(EXAMPLES, name, 'example.json'), 'utf8')));
    if (example.needs?.includes('windows') === true) return [name, example, 'Windows'];
    const applications = (example.needs ?? []).filter((need) => need !== 'browser');
    return [name, example, applications.length === 0 ? null : await desktopPrograms(...applications)];
  });
  return Promise.all(found);
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'casare-examples-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The example's target, if it has one; it ends with its standard input. */
async function serverOf(name: string, server: string | undefined): Promise<{ url: string; stop: () => Promise<void> }> {
  if (server === undefined) return { url: '', stop: () => Promise.resolve() };
  const args = [path.join(EXAMPLES, name, server), '--port', '0', '--stop-with-stdin'];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  for await (const line of createInterface({ input: child.stdout })) {
    const { url } = z.object({ url: z.string() }).parse(JSON.parse(line));
    return {
      url,
      stop: () => {
        child.stdin.end();
        return ended;
      },
    };
  }
  throw new Error(`${server} ended before it said its address`);
}

function runLocal(args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const command = [path.join(ROOT, 'edge-agent/bin/casare-agent.mjs'), 'run-local', ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, command, { timeout: RUN_MS, maxBuffer: 16_777_216 }, (error, out, err) => {
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, out, err });
    });
  });
}

const examples = await examplesOf();

test('every folder of examples has one that is run, and the list names it', async () => {
  const list = await readFile(path.join(EXAMPLES, 'README.md'), 'utf8');
  for (const [name, { workflow }] of examples) {
    expect(list).toContain(`[${name}](${name}/`);
    expect(existsSync(path.join(EXAMPLES, name, workflow))).toBe(true);
  }
});

describe.each(examples)('%s', (name, example, reason) => {
  test.skipIf(reason !== null)(skipName(example.shows, reason), { timeout: RUN_MS }, async () => {
    const server = await serverOf(name, example.server);
    try {
      const own = path.join(folder, name);
      const [input, secrets] = [`${own}.input.json`, `${own}.secrets.json`];
      await writeFile(input, JSON.stringify(example.input).replaceAll('{server}', server.url));
      await writeFile(secrets, JSON.stringify(example.secrets ?? {}), { mode: 0o600 });
      const paths = ['--out', own, '--home', path.join(folder, 'home')];
      const file = path.join(EXAMPLES, name, example.workflow);
      const given = ['--input-file', input, '--secrets', secrets, '--output', 'json'];
      const { code, out, err } = await runLocal([file, ...given, ...paths]);
      const ended: unknown = out === '' ? err : JSON.parse(out);
      expect(ended).toMatchObject({ state: 'completed', output: example.output });
      expect(code).toBe(0);
    } finally {
      await server.stop();
    }
  });
});
