/** What is written in the place of a file, by root too, in a folder where others write. */
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isPartOf, writeWhole } from './write-whole.ts';

let folder = '';
let file = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'casare-whole-'));
  file = join(folder, 'join-token');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a link that waits where a part might be made leads nowhere', () => {
  const target = join(folder, 'of-root');
  writeFileSync(target, 'kept', { mode: 0o640 });
  const before = statSync(target);
  symlinkSync(target, `${file}.${process.pid}.part`);
  symlinkSync(target, file);
  writeWhole(file, 'new');
  expect(readFileSync(file, 'utf8')).toBe('new');
  expect(readFileSync(target, 'utf8')).toBe('kept');
  expect(statSync(target)).toMatchObject({ mode: before.mode, uid: before.uid, ino: before.ino });
});

test.skipIf(process.getuid?.() !== 0)('it belongs to whom it is for, and is never open to others', () => {
  writeWhole(file, 'new', 0o600, { uid: 12_345, gid: 12_346 });
  expect(statSync(file)).toMatchObject({ uid: 12_345, gid: 12_346 });
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('what cannot be put in its place leaves nothing', () => {
  rmSync(folder, { recursive: true });
  expect(() => writeWhole(file, 'new')).toThrow(/ENOENT/);
  folder = mkdtempSync(join(tmpdir(), 'casare-whole-'));
  expect(() => writeWhole(join(folder, '.'), 'new')).toThrow();
  expect(readdirSync(folder)).toEqual([]);
});

test('names of parts', () => {
  const isFile = (name: string): boolean => name === 'a.json';
  expect(['a.json.12.part', 'a.json.0af3.part'].map((name) => isPartOf(name, isFile))).toEqual([true, true]);
  expect(['a.json', 'a.part', 'b.json.12.part', '.12.part'].some((name) => isPartOf(name, isFile))).toBe(false);
});
