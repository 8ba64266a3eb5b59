/** How key files are protected, with a protection of the test's own: what Windows does is tested on Windows. */
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type KeyProtection, keyProtection, protectKeyFiles, readKeyFile, writeKeyFile } from './key-file.ts';

/** In the place of DPAPI: turns every bit, and checks the purpose. */
const double: KeyProtection = {
  name: 'double',
  protect: (data, purpose) => Buffer.from(Buffer.from(`${purpose}\n${data.toString('utf8')}`).map((byte) => ~byte)),
  unprotect: (data, purpose) => {
    const [named = '', ...lines] = Buffer.from(data.map((byte) => ~byte))
      .toString('utf8')
      .split('\n');
    if (named !== purpose) throw new Error('another purpose');
    return Buffer.from(lines.join('\n'));
  },
};

let folder = '';
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'casare-keys-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a protected file holds nothing of the key, and is read back', () => {
  const file = join(folder, 'key.pem');
  writeKeyFile(file, 'geheim ß\n', double);
  expect(readFileSync(file, 'utf8')).not.toContain('geheim');
  expect(readKeyFile(file, double)).toBe('geheim ß\n');
});

test('one file in the place of another, or on another system, is not read', () => {
  const [one, other] = [join(folder, 'one'), join(folder, 'other')];
  writeKeyFile(one, 'x', double);
  expect(() => readKeyFile(one, null)).toThrow('another system');
  renameSync(one, other);
  expect(() => readKeyFile(other, double)).toThrow(/another account.*another purpose/);
});

test('files of before are protected once', () => {
  const [file, none] = [join(folder, 'key.pem'), join(folder, 'none')];
  writeFileSync(file, 'plain');
  expect(readKeyFile(file, double)).toBe('plain');
  expect(protectKeyFiles([file, none], null)).toBe(0);
  expect(protectKeyFiles([file, none], double)).toBe(1);
  expect(readFileSync(file, 'utf8')).not.toContain('plain');
  expect(readKeyFile(file, double)).toBe('plain');
  expect(protectKeyFiles([file, none], double)).toBe(0);
});

test('on Windows it is the data protection of the account, elsewhere the mode of the file', () => {
  expect(keyProtection('win32')?.name).toContain('DPAPI');
  expect(keyProtection('linux')).toBeNull();
});
