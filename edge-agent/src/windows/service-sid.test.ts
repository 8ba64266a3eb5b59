import { expect, test } from 'vitest';
import { serviceSid } from './service-sid.ts';

test('the number of a service follows from its name, whatever its capitals', () => {
  const known = 'S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464';
  expect(serviceSid('TrustedInstaller')).toBe(known);
  expect(serviceSid('trustedinstaller')).toBe(known);
});
