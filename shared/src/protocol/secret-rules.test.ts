import { describe, expect, it, test } from 'vitest';
import {
  mayBeGivenTo,
  mayGoTo,
  rulesWithin,
  SecretOrigin,
  SecretRules,
  type SecretRules as Rules,
} from './secret-rules.ts';

const origins = (...list: string[]): Rules => SecretRules.parse({ origins: list });

describe('an origin', () => {
  test.each([
    ['https://Portal.Example.com/', 'https://portal.example.com'],
    ['https://portal.example.com:443', 'https://portal.example.com'],
    ['https://portal.example.com:8443', 'https://portal.example.com:8443'],
    ['https://*.example.com', 'https://*.example.com'],
    ['http://[::1]:80', 'http://[::1]'],
    ['http://127.1', 'http://127.0.0.1'],
    ['https://bücher.example', 'https://xn--bcher-kva.example'],
    ['smtp://MAIL.example.com:587', 'smtp://mail.example.com:587'],
    ['postgres://db.example.com.', 'postgres://db.example.com'],
  ])('%s is kept as %s', (text, kept) => {
    expect(SecretOrigin.parse(text)).toBe(kept);
  });

  test.each([
    'portal.example.com',
    'https://portal.example.com/path',
    'https://user@portal.example.com',
    'https://a.*.example.com',
    'https://*',
    'https://',
    'ftp://example.com',
    'javascript:alert(1)',
    'data:text/html,x',
    'https://portal.example.com?x',
  ])('%s is none', (text) => {
    expect(SecretOrigin.safeParse(text).success).toBe(false);
  });
});

describe('where a secret may go', () => {
  const rules = origins('https://portal.example.com', 'https://*.shop.example', 'smtp://mail.example.com:587');
  it.each([
    'https://portal.example.com/sign-in?x#y',
    'https://PORTAL.example.com:443/',
    'https://user:word@portal.example.com/',
    'https://a.b.shop.example/',
    'smtp://mail.example.com:587',
  ])('%s is allowed', (address) => expect(mayGoTo(rules, address)).toBe(true));

  it.each([
    'http://portal.example.com/',
    'https://portal.example.com:8443/',
    'https://portal.example.com.evil.example/',
    'https://portal.example.com@evil.example/',
    'https://evilportal.example.com/',
    'https://shop.example/',
    'https://evilshop.example/',
    'https://*.shop.example/',
    'smtp://mail.example.com',
    'about:blank',
    'data:text/html,<form>',
    'blob:https://portal.example.com/1',
    'file:///etc/passwd',
    'chrome-error://chromewebdata/',
    '',
  ])('%s is not', (address) => expect(mayGoTo(rules, address)).toBe(false));

  it('is anywhere without a rule, and nowhere by an empty one', () => {
    expect(mayGoTo({}, 'about:blank')).toBe(true);
    expect(mayGoTo({ origins: [] }, 'https://portal.example.com/')).toBe(false);
  });
});

test('steps are named one by one or by their family', () => {
  const rules: Rules = { steps: ['browser.*', 'http'] };
  expect(['browser.fill', 'browser.cookies.set', 'http'].map((step) => mayBeGivenTo(rules, step))).toEqual([
    true,
    true,
    true,
  ]);
  expect(['browserx.fill', 'mail.send', 'log', 'https'].map((step) => mayBeGivenTo(rules, step))).toEqual([
    false,
    false,
    false,
    false,
  ]);
  expect(mayBeGivenTo({ steps: [] }, 'http')).toBe(false);
});

test.each<[Rules, Rules, boolean]>([
  [{}, {}, true],
  [{ steps: ['http'] }, {}, true],
  [{}, { steps: ['http'] }, false],
  [{ steps: ['browser.fill'] }, { steps: ['browser.*'] }, true],
  [{ steps: ['browser.*'] }, { steps: ['browser.fill'] }, false],
  [{ origins: [] }, { origins: ['https://a.example'] }, true],
  [origins('https://a.example'), origins('https://a.example', 'https://b.example'), true],
  [origins('https://c.example'), origins('https://a.example'), false],
  [origins('https://x.a.example'), origins('https://*.a.example'), true],
  [origins('https://*.x.a.example'), origins('https://*.a.example'), true],
  [origins('https://*.a.example'), origins('https://x.a.example'), false],
  [origins('https://*.a.example'), origins('https://*.a.example'), true],
  [origins('http://x.a.example'), origins('https://*.a.example'), false],
])('%j is within %j: %s', (inner, outer, is) => {
  expect(rulesWithin(inner, outer)).toBe(is);
});
