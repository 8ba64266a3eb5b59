/** A program is started as it was found, and judged. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findProgram, startProgram } from './programs.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'casare-programs-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test.skipIf(process.platform === 'win32')(
  'what a link led to when it was judged is started, though it leads elsewhere by now',
  async () => {
    const [good, bad, link] = ['good', 'bad', 'link'].map((name) => join(folder, name)) as [string, string, string];
    for (const name of [good, bad]) {
      writeFileSync(name, `#!/bin/sh\nprintf %s "$0" > ${folder}/said\n`);
      chmodSync(name, 0o755);
    }
    symlinkSync(good, link);
    const found = await findProgram(link, {});
    expect(found).toEqual({ path: link, real: good });
    unlinkSync(link);
    symlinkSync(bad, link);
    const program = await startProgram(found!, [], { env: {} });
    expect(await program.ended).toBe('exit code 0');
    expect(readFileSync(join(folder, 'said'), 'utf8')).toBe(good);
  },
);

test.skipIf(process.platform !== 'linux')('it is called by the name that it was found by', async () => {
  const link = join(folder, 'link');
  symlinkSync('/bin/sleep', link);
  const found = await findProgram(link, {});
  const program = await startProgram(found!, ['600'], { env: {} });
  try {
    expect(readFileSync(`/proc/${program.child.pid}/cmdline`, 'utf8').split('\0')[0]).toBe(link);
  } finally {
    program.child.kill('SIGKILL');
    await program.ended;
  }
});
