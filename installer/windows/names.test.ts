import { expect, it } from 'vitest';
import { serviceSid, uuidOf } from './names.ts';

it('derives the identifier of a service as Windows does', () => {
  // `sc showsid TrustedInstaller`, as it stands in the access lists of every Windows.
  expect(serviceSid('TrustedInstaller')).toBe('S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464');
});

it('gives a name the same UUID each time, of version 5', () => {
  expect(uuidOf('component/node.exe')).toBe(uuidOf('component/node.exe'));
  expect(uuidOf('component/node.exe')).not.toBe(uuidOf('component/node.dll'));
  expect(uuidOf('x')).toMatch(/^[0-9A-F]{8}-[0-9A-F]{4}-5[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}$/);
});
