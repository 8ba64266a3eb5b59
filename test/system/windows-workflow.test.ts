/**
 * The packed agent for Windows runs a whole desktop workflow under Wine: a form is filled from a CSV file and what the
 * program made of it is read back. UI Automation is Wine's own here, which shows windows and little in them: classic controls
 * are used by messages and by SendInput.
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { skipName } from '../../edge-agent/src/desktop/desktop-for-tests.ts';
import { AGENT_FILE, makeAgent } from '../../installer/bundle/agent.ts';
import { TARGETS } from '../../installer/bundle/target.ts';
import { ROOT } from '../support/program.ts';
import { compileForm } from '../support/windows-desk.ts';
import { startWine, wineOrReason, type Wine } from '../support/wine.ts';

const reason = await wineOrReason();
const EXAMPLE = path.join(ROOT, 'docs/examples/windows-orders');
const AT = new Date('2026-01-01T00:00:00Z');
const RUN_MS = 180_000;
const Inspected = z.object({
  windows: z.array(
    z.object({ title: z.string(), application: z.string(), elements: z.array(z.object({ selector: z.string() })) }),
  ),
});

describe.skipIf(reason !== null)(skipName('a desktop workflow on Windows, by Wine', reason), () => {
  let wine: Wine;
  let agent: string[];
  let form: string;
  beforeAll(async () => {
    wine = await startWine({ display: true });
    const files = path.join(wine.folder, 'agent');
    await makeAgent({ root: ROOT, target: TARGETS['win-x64'], out: files, at: AT });
    agent = [path.join(files, TARGETS['win-x64'].node.as), path.join(files, AGENT_FILE)].map((file) => wine.path(file));
    form = path.join(wine.folder, 'form.exe');
    await compileForm(form);
  });
  afterAll(() => wine.stop());

  // Node cannot use a pipe of Linux for its input: the prompt gives it none.
  const run = (...args: string[]) => {
    const home = wine.path(path.join(wine.folder, 'home'));
    return wine.run('cmd.exe', ['/c', ...agent, ...args, '--home', home, '<NUL'], { timeout: RUN_MS });
  };

  test('the orders of the example are entered, and every character is kept', async () => {
    const { input, output } = z
      .object({ input: z.record(z.string(), z.string()), output: z.json() })
      .parse(JSON.parse(await readFile(path.join(EXAMPLE, 'example.json'), 'utf8')));
    const given = path.join(wine.folder, 'input.json');
    await writeFile(given, JSON.stringify({ ...input, app: wine.path(form) }));
    const workflow = path.join(wine.folder, 'enter-orders.yaml');
    await writeFile(workflow, await readFile(path.join(EXAMPLE, 'enter-orders.yaml')));
    const { code, stdout, stderr } = await run(
      ...['run-local', wine.path(workflow), '--input-file', wine.path(given), '--output', 'json'],
    );
    const ended: unknown = JSON.parse(stdout.trim() === '' ? JSON.stringify({ stderr }) : stdout);
    expect(ended, stdout.slice(0, 2_000)).toMatchObject({
      state: 'completed',
      output,
    });
    expect(code).toBe(0);
  });

  test('a program that the policy does not allow is not started', async () => {
    const policy = path.join(wine.folder, 'policy.yaml');
    await writeFile(policy, 'applications:\n  allow: [notepad.exe]\n');
    const workflow = path.join(wine.folder, 'open.yaml');
    await writeFile(
      workflow,
      `document: { dsl: '1.0.3', namespace: desk, name: open, version: '1.0.0' }\ndo:\n  - open: { call: desktop.open, with: { app: ${JSON.stringify(wine.path(form))}, args: [order] } }\n`,
    );
    const { code, stdout, stderr } = await run(
      ...['run-local', wine.path(workflow), '--policy', wine.path(policy), '--output', 'json'],
    );
    expect(`${stdout}${stderr}`).toContain('POLICY');
    expect(code).not.toBe(0);
  });

  test('inspect prints the windows with selectors that are ready', async () => {
    const program = wine.start(wine.path(form), ['entry']);
    try {
      await vi.waitFor(
        async () => {
          const { stdout } = await run('inspect', '--window', 'Entry', '--output', 'json');
          const { windows } = Inspected.parse(JSON.parse(stdout));
          expect(windows[0]?.application).toMatch(/form\.exe$/);
          const selectors = windows[0]?.elements.map(({ selector }) => selector);
          expect(selectors).toEqual(expect.arrayContaining(['textbox "Account"', 'button "OK"']));
        },
        { timeout: 60_000, interval: 500 },
      );
    } finally {
      await program.kill();
    }
  });
});
