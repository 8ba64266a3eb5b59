import { describe, expect, it } from 'vitest';
import { createVault } from './secrets.ts';

const secrets = { portal: { username: 'anna@example.com', password: 'p"ä$& s/+?w' }, token: 'tok-1234', pin: '42' };

describe('secret vault', () => {
  const vault = createVault(secrets);
  const handle = (name: string) => vault.handles[name] ?? '';

  it('shows handles of the same shape, all different, none holding a value', () => {
    expect(vault.variable).toEqual({
      portal: { username: handle('portal.username'), password: handle('portal.password') },
      token: handle('token'),
      pin: handle('pin'),
    });
    expect(new Set(Object.values(vault.handles)).size).toBe(4);
    expect(JSON.stringify(vault.variable)).not.toMatch(/anna|tok-1234/);
    expect(createVault(secrets).handles).not.toEqual(vault.handles);
  });

  it('reveals handles, also inside longer texts and deep inside arguments', () => {
    const args = { value: handle('portal.password'), headers: [{ a: `Bearer ${handle('token')}!` }], n: 1 };
    expect(vault.reveal(args)).toEqual({ value: 'p"ä$& s/+?w', headers: [{ a: 'Bearer tok-1234!' }], n: 1 });
  });

  it('reveals them encoded where they stand in an address', () => {
    const address = `https://x/${vault.inAddress(handle('portal.password'))}?t=${handle('token')}`;
    expect(vault.reveal(address)).toBe('https://x/p%22%C3%A4%24%26%20s%2F%2B%3Fw?t=tok-1234');
    expect(vault.named(address)).toBe('https://x/$secrets.portal.password?t=$secrets.token');
    expect(vault.isUsedIn(address)).toBe(true);
  });

  it.each([
    ['raw', (value: string) => `before ${value} after`],
    ['JSON-escaped', (value: string) => JSON.stringify({ value })],
    ['URL-encoded', (value: string) => `https://x/?q=${encodeURIComponent(value)}&r=1`],
    ['form-encoded', (value: string) => new URLSearchParams({ q: value }).toString()],
    ['base64', (value: string) => Buffer.from(value).toString('base64')],
    ['base64url', (value: string) => Buffer.from(value).toString('base64url')],
    ['basic authentication', (value: string) => `Basic ${Buffer.from(`someone:${value}`).toString('base64')}`],
    ['base64, one before', (value: string) => Buffer.from(`x${value}yz`).toString('base64')],
    ['base64, two before', (value: string) => Buffer.from(`xy${value}z`).toString('base64')],
  ])('scrubs a value: %s', (_form, encode) => {
    for (const value of [secrets.portal.password, secrets.token]) {
      const text = encode(value);
      const clean = vault.scrub({ deep: [text], [text]: 1 });
      expect(JSON.stringify(clean)).toContain('***');
      // What is left of the encoding must not hold enough of the value to recognise it.
      expect(JSON.stringify(clean)).not.toContain(value.slice(1, -1));
      expect(JSON.stringify(clean)).not.toContain(text);
    }
  });

  it('leaves other texts and values too short to mask, and names the latter', () => {
    expect(vault.scrub({ a: 'ordinary 42', b: 42, c: null })).toEqual({ a: 'ordinary 42', b: 42, c: null });
    expect(vault.warnings).toEqual(['The secret pin is shorter than 4 characters and cannot be masked.']);
  });

  it('names handles for people, wherever they stand', () => {
    const args = { value: handle('portal.password'), headers: [`Bearer ${handle('token')}!`], n: 1 };
    expect(vault.named(args)).toEqual({ value: '$secrets.portal.password', headers: ['Bearer $secrets.token!'], n: 1 });
  });

  it('tells arguments with a secret from others', () => {
    expect(vault.isUsedIn({ a: [`x ${handle('token')}`] })).toBe(true);
    expect(vault.isUsedIn({ a: 'tok-1234' })).toBe(false);
  });

  it('scrubs a number that is a secret', () => {
    expect(createVault({ code: '123456' }).scrub({ n: 123456 })).toEqual({ n: '***' });
  });

  it('adopts the handles of earlier attempts', () => {
    const later = createVault({ ...secrets, extra: 'brand-new' }, vault.handles);
    expect(later.handles).toMatchObject(vault.handles);
    expect(later.reveal(handle('token'))).toBe('tok-1234');
    expect(later.reveal(later.handles['extra'] ?? '')).toBe('brand-new');
  });
});
