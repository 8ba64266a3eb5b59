import { describe, expect, test } from 'vitest';
import { windowsHolds, windowsNameFault, windowsPathFault } from './path.decision.ts';

test.each([
  String.raw`C:\Data\x.csv`,
  'c:/data/x.csv',
  String.raw`C:\Data\..\Other`,
  String.raw`C:\PROGRA~1\x`,
  String.raw`\\server\share\in\x.csv`,
  String.raw`\\server\share`,
  String.raw`C:\Data\Größe 42 Ж.csv`,
  String.raw`C:\Data\.hidden`,
  String.raw`C:\Data\console.txt`,
  String.raw`C:\Data\com10`,
  'C:\\',
])('%s is a path', (path) => {
  expect(windowsPathFault(path)).toBeNull();
});

describe('what leads elsewhere than it looks is refused', () => {
  test.each([
    [String.raw`\\?\C:\Data\x`, 'devices'],
    ['//?/C:/Data/x', 'devices'],
    [String.raw`\\.\PhysicalDrive0`, 'devices'],
    [String.raw`\\.\pipe\other`, 'devices'],
    [String.raw`\??\C:\Data`, 'devices'],
    [String.raw`\\?\UNC\server\share\x`, 'devices'],
    ['C:x', 'whatever folder'],
    ['C:', 'whatever folder'],
    [String.raw`\Data\x`, 'no drive'],
    ['/etc/casare', 'no drive'],
    [String.raw`\\server`, 'no drive'],
    [String.raw`data\x`, 'not absolute'],
    [String.raw`C:\Data\x.txt:stream`, 'stream'],
    [String.raw`C:\Data\x.txt::$DATA`, 'stream'],
    [String.raw`C:\Data:$I30:$INDEX_ALLOCATION\x`, 'stream'],
    [String.raw`C:\Data\CON`, 'device'],
    [String.raw`C:\Data\nul.txt`, 'device'],
    [String.raw`C:\Data\NUL .txt`, 'device'],
    [String.raw`C:\Data\Com1.log.txt`, 'device'],
    [String.raw`C:\Data\lpt³`, 'device'],
    [String.raw`C:\CON\x`, 'device'],
    [String.raw`C:\Data\x.txt.`, 'drops'],
    [String.raw`C:\Data.\x.txt`, 'drops'],
    ['C:\\Data\\x.txt ', 'drops'],
    [String.raw`C:\Data\...\x`, 'drops'],
    [String.raw`C:\Data\x?.txt`, 'no name has'],
    ['C:\\Data\\x\u0000.txt', 'no name has'],
    [`C:\\Data\\${'x'.repeat(256)}`, '255'],
    [`C:\\${'x\\'.repeat(20_000)}`, 'too long'],
  ])('%s', (path, why) => {
    expect(windowsPathFault(path)).toContain(why);
  });
});

test.each([
  ['out/x.csv', null],
  [String.raw`out\x.csv`, null],
  ['C:x', 'whatever folder'],
  ['c:/x', 'whatever folder'],
  ['x.txt:stream', 'stream'],
  ['out/NUL', 'device'],
  ['out./x', 'drops'],
  ['/x', 'no drive'],
])('as a name among the files of a run, %s: %s', (name, why) => {
  const fault = windowsNameFault(name);
  expect(why === null ? fault === null : (fault ?? '').includes(why)).toBe(true);
});

test.each([
  [String.raw`C:\Data`, String.raw`c:\data\x`, true],
  [String.raw`C:\Data`, String.raw`C:\DATA`, true],
  [String.raw`C:\Data`, String.raw`C:\Database`, false],
  [String.raw`C:\Data`, String.raw`C:\Database\x`, false],
  ['C:/Data', String.raw`C:\Data\x`, true],
  ['C:\\', String.raw`C:\x`, true],
  ['C:\\', String.raw`D:\x`, false],
  [String.raw`C:\Data`, String.raw`\\server\share\Data\x`, false],
  [String.raw`\\Server\Share`, String.raw`\\server\share\x`, true],
  [String.raw`\\server\share`, String.raw`\\server\share2\x`, false],
  [String.raw`C:\Größe`, String.raw`c:\GRÖSSE\x`, false],
  [String.raw`C:\Straße`, String.raw`C:\STRASSE`, false],
  [String.raw`C:\größe`, String.raw`C:\GRÖßE\x`, true],
])('%s holds %s: %s', (folder, path, holds) => {
  expect(windowsHolds(folder, path)).toBe(holds);
});
