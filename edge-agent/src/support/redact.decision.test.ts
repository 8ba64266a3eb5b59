import { expect, test } from 'vitest';
import { proxyCredentials, shownEnvironment } from './environment.decision.ts';
import { redact } from './redact.decision.ts';

test.each([
  'token=canary-1234',
  '"password": "canary with \\" quotes"',
  "apiKey: 'canary'",
  'Authorization: Bearer canary.abcdef-123',
  '--token casare_canarycanary',
  'casare_v1.canarycanarycanary',
  'https://user:canary@proxy.example:3128/',
  'HTTPS_PROXY=user:canary@proxy:3128',
  'proxy: "http://user:canary/canary@canary@proxy:3128"',
  'mail from canary@example.com',
  '-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----',
  'eyJhbGciOiJIUzI1NiJ9.canary.canary',
  'password: canary # why',
  '{"proxyAuthorization":"Basic canaryxyz"}',
  'value known-canary-1 here',
  `encoded ${Buffer.from('known-canary-1').toString('base64')}`,
])('%s', (text) => {
  const clean = redact(text, ['known-canary-1']);
  expect(clean).not.toContain('canary');
  expect(clean).not.toContain(Buffer.from('known-canary-1').toString('base64').replace(/=+$/, ''));
  expect(clean).toContain('[taken out]');
});

test.each([
  'https://gateway.example.com:8443/tunnel is 10.1.2.3 by 10.0.0.53',
  'HTTPS_PROXY=http://proxy:3128',
  '"proxyAuthFile": "/etc/casare/proxy-auth"',
  'job 01a213fb-9e44-76d9-817b-292adace1735, digest ab12cd34',
  'tokens are good; a key was renewed',
])('stays: %s', (text) => {
  expect(redact(text, [])).toBe(text);
});

test('the host of an address stays where its credentials went', () => {
  expect(redact('http://a:b-c@proxy.example:1', [])).toBe('http://[taken out]@proxy.example:1');
});

test.each([
  ['user:canary@proxy:3128', 'user:canary', '[taken out]@proxy:3128'],
  ['http://user:ca/na@ry@proxy:3128', 'user:ca/na@ry', 'http://[taken out]@proxy:3128'],
])('of a proxy the environment shows scheme and host alone: %s', (value, credentials, shown) => {
  expect(shownEnvironment({ HTTPS_PROXY: value })).toEqual({ HTTPS_PROXY: shown });
  expect(proxyCredentials('HTTPS_PROXY', value)).toBe(credentials);
  expect(shownEnvironment({ https_proxy: 'http://proxy:3128' })).toEqual({ https_proxy: 'http://proxy:3128' });
});
