import { expect, test } from 'vitest';
import { isRemote, verifyName } from './file-name.ts';

test.each(['x.txt:stream', 'out/NUL.csv', 'C:x', '/x', String.raw`\\?\C:\x`, String.raw`C:\x.`])(
  'on Windows %s is refused, elsewhere it is a name like others',
  (name) => {
    expect(() => verifyName(name, 'win32')).toThrow(/is refused/);
    expect(() => verifyName(name, 'linux')).not.toThrow();
  },
);

test.each(['out/x.csv', String.raw`C:\Data\x.csv`, String.raw`\\server\share\x.csv`])('%s is not', (name) => {
  expect(() => verifyName(name, 'win32')).not.toThrow();
});

test('a share is of another machine, in either spelling', () => {
  expect([String.raw`\\s\x`, '//s/x', String.raw`C:\x`].map((path) => isRemote(path, 'win32'))).toEqual([
    true,
    true,
    false,
  ]);
  expect(isRemote('//s/x', 'linux')).toBe(false);
});
