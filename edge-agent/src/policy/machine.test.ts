/** Files and programs of the agent's machine, on a real disk; steps as the worker finds them. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Step } from '../engine/index.ts';
import { applicationRefusal } from './applications.ts';
import { governed, stepPolicyOf, unrestricted } from './step-policy.ts';

let folder = '';
const at = (...parts: string[]): string => join(folder, ...parts);
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'casare-machine-')));
  for (const name of ['in', 'out', 'input', 'bin', 'other']) mkdirSync(at(name));
  for (const name of ['in/a.csv', 'input/a.csv']) writeFileSync(at(name), '');
  for (const name of ['bin/calc', 'bin/editor', 'other/calc']) writeFileSync(at(name), '', { mode: 0o755 });
  symlinkSync(at('bin/editor'), at('bin/edit-link'));
  symlinkSync(at('other/calc'), at('bin/looks-allowed'));
  symlinkSync(at('in'), at('in-link'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function codeOf(asked: Promise<unknown>): Promise<string> {
  return asked.then(
    () => 'ok',
    (error: unknown) => (error as { code: string }).code,
  );
}

test('files: roots for reading and for writing, which is reading too', async () => {
  const policy = stepPolicyOf({ files: { read: [at('in-link')], write: [at('out')] } });
  const ask = (path: string, use: 'read' | 'write') => codeOf(policy.checkFile(path, use));
  expect(await ask(at('in/a.csv'), 'read')).toBe('ok');
  expect(await ask(at('out/b.csv'), 'write')).toBe('ok');
  expect(await ask(at('out/b.csv'), 'read')).toBe('ok');
  expect(await ask(at('in/a.csv'), 'write')).toBe('POLICY_FILE_REFUSED');
  expect(await ask(at('input/a.csv'), 'read')).toBe('POLICY_FILE_REFUSED');
  expect(await ask(at('in/../input/a.csv'), 'read')).toBe('POLICY_FILE_REFUSED');
  expect(await codeOf(unrestricted.checkFile(at('in/a.csv'), 'read'))).toBe('POLICY_FILE_REFUSED');
  expect(await codeOf(policy.checkUrl(pathToFileURL(at('in/a.csv')).href))).toBe('ok');
  symlinkSync(at('input/a.csv'), at('in/leads-out.csv'));
  expect(await codeOf(policy.checkUrl(pathToFileURL(at('in/leads-out.csv')).href))).toBe('POLICY_FILE_REFUSED');
});

test('a root around the agent home does not open the home; one inside it opens itself', async () => {
  mkdirSync(at('home/shared'), { recursive: true });
  const read = (roots: string[], path: string) =>
    codeOf(stepPolicyOf({ files: { read: roots } }, { home: at('home') }).checkFile(path, 'read'));
  expect(await read([folder], at('in/a.csv'))).toBe('ok');
  for (const roots of [[folder], ['/'], [at('home')]]) {
    expect(await read(roots, at('home/credential.pem')), roots[0]).toBe('POLICY_FILE_REFUSED');
    expect(await read(roots, at('home/shared/a.csv')), roots[0]).toBe('POLICY_FILE_REFUSED');
  }
  expect(await read([at('home/shared')], at('home/shared/a.csv'))).toBe('ok');
});

describe('programs', () => {
  const ask = async (lists: { allow?: string[]; forbid?: string[] } | undefined, program: string) =>
    (await applicationRefusal(lists, program, at('bin'))) === null ? 'ok' : 'refused';

  test('by path, by a pattern within a folder, by bare name', async () => {
    expect(await ask(undefined, at('bin/calc'))).toBe('ok');
    expect(await ask({ allow: [at('bin/calc')] }, at('bin/calc'))).toBe('ok');
    expect(await ask({ allow: [at('bin/calc')] }, at('bin/../bin/calc'))).toBe('ok');
    expect(await ask({ allow: [at('bin/calc')] }, 'calc')).toBe('ok');
    expect(await ask({ allow: [at('bin/c*')] }, at('bin/calc'))).toBe('ok');
    expect(await ask({ allow: [at('bin/edit-link')] }, at('bin/editor'))).toBe('ok');
    expect(await ask({ allow: ['calc'] }, 'calc')).toBe('ok');
    expect(await ask({ allow: ['calc'] }, at('bin/calc'))).toBe('ok');
    expect(await ask({ allow: ['soffice.bin'] }, 'soffice.bin')).toBe('ok');
    expect(await ask({ allow: ['edit-link'] }, at('bin/editor')), 'the file behind an allowed name').toBe('ok');
    expect(await ask({ allow: ['ca*'] }, 'calc')).toBe('ok');
    expect(await ask({ allow: ['ca*'] }, at('bin/editor'))).toBe('refused');
    expect(await ask({ allow: [at('bin/calc')] }, at('bin/editor'))).toBe('refused');
    expect(await ask({ allow: [at('*')] }, at('bin/calc'))).toBe('refused');
    expect(await ask({ allow: [] }, at('bin/calc'))).toBe('refused');
  });

  test('another program under an allowed name, and an allowed path that leads elsewhere, are others', async () => {
    expect(await ask({ allow: ['calc'] }, at('other/calc'))).toBe('refused');
    expect(await ask({ allow: ['ca*'] }, at('other/calc'))).toBe('refused');
    expect(await ask({ allow: [at('bin/*')] }, at('bin/looks-allowed'))).toBe('refused');
  });

  test('what is forbidden is so by link, path and name', async () => {
    for (const program of ['editor', at('bin/editor'), at('bin/edit-link'), 'edit-link']) {
      expect(await ask({ forbid: [at('bin/editor')] }, program), program).toBe('refused');
    }
    expect(await ask({ allow: [at('bin/*')], forbid: ['editor'] }, at('bin/edit-link'))).toBe('refused');
    expect(await ask({ forbid: [at('bin/editor')] }, 'calc')).toBe('ok');
  });

  test('on Windows capitals and the end of a program make no difference', async () => {
    for (const name of ['CMD.EXE', 'charmap.exe', 'notes.txt', '../other/charmap.exe'])
      writeFileSync(at(`bin/${name}`), '', { mode: 0o755 });
    const judged = async (
      lists: { allow?: string[]; forbid?: string[] },
      program: string,
      platform?: NodeJS.Platform,
    ) => ((await applicationRefusal(lists, at(program), at('bin'), platform)) === null ? 'ok' : 'refused');
    for (const rule of ['cmd', 'Cmd.exe', 'c*d', at('BIN/cmd.exe')]) {
      expect(await judged({ forbid: [rule] }, 'bin/CMD.EXE', 'win32'), rule).toBe('refused');
      expect(await judged({ forbid: [rule] }, 'bin/CMD.EXE', 'linux'), rule).toBe('ok');
    }
    expect(await judged({ forbid: ['notes'] }, 'bin/notes.txt', 'win32')).toBe('ok');
    expect(await judged({ forbid: ['charmap.com'] }, 'bin/charmap.exe', 'win32')).toBe('ok');
    expect(await judged({ allow: ['charmap'] }, 'bin/charmap.exe', 'win32')).toBe('ok');
    expect(await judged({ allow: ['CHAR*'] }, 'bin/charmap.exe', 'win32')).toBe('ok');
    expect(await judged({ allow: ['CHAR*'] }, 'other/charmap.exe', 'win32')).toBe('refused');
    expect(await judged({ allow: ['cmd'] }, 'bin/charmap.exe', 'win32')).toBe('refused');
  });

  test('the refusal says which', async () => {
    const policy = stepPolicyOf({ applications: { allow: [at('bin/calc')] } });
    const error = await policy.checkApplication(at('bin/editor')).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'POLICY_APPLICATION_REFUSED', certain: true });
    expect((error as Error).message).toContain(at('bin/editor'));
    expect(await codeOf(policy.checkApplication(at('bin/calc')))).toBe('ok');
  });
});

test('steps: a forbidden one is found and fails before it does anything', async () => {
  let ran = 0;
  const step = { declaration: { name: 'browser.click' }, run: () => Promise.resolve((ran += 1)) } as unknown as Step;
  const registry = { find: (reference: string) => (reference === 'browser.click' ? step : null) };
  const forbidden = governed(registry, { steps: { forbid: ['browser.*'] } }).find('browser.click');
  expect(await codeOf(forbidden!.run({}, {} as never))).toBe('POLICY_STEP_REFUSED');
  expect(ran).toBe(0);
  const allowed = governed(registry, { steps: { allow: ['browser.*'] } });
  await allowed.find('browser.click')!.run({}, {} as never);
  expect([ran, allowed.find('none')]).toEqual([1, null]);
});

test('scripts in pages, rules about hosts and evidence are said to executors', async () => {
  expect(await codeOf(unrestricted.checkScript())).toBe('POLICY_SCRIPT_REFUSED');
  expect([unrestricted.restrictsUrls, unrestricted.evidence('trace')]).toEqual([false, 'all']);
  const policy = stepPolicyOf({ browserEvaluate: 'allowed', domains: {}, upload: { trace: 'none' } });
  expect(await codeOf(policy.checkScript())).toBe('ok');
  expect([policy.restrictsUrls, policy.evidence('trace')]).toEqual([true, 'none']);
});
