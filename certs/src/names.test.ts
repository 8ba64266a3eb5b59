import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { agentUri, GatewayHost, hostType, parseAgentUri, parseTenantHost, TenantName, TrustDomain } from './names.ts';

const ID = '0197c1de-7a4b-7c3e-8f00-1a2b3c4d5e6f';
const URI = `spiffe://t-acme.casare.test/agent/${ID}`;

describe('agent URI', () => {
  test('is written and read back', () => {
    const name = { tenant: 'acme', trustDomain: 'casare.test', agentId: ID };
    expect(agentUri(name)).toBe(URI);
    expect(parseAgentUri(URI)).toEqual(name);
  });

  test.each([
    '',
    URI.toUpperCase(),
    URI.replace('spiffe', 'SPIFFE'),
    URI.replace('t-acme', 'acme'),
    URI.replace('t-acme', 't-Acme'),
    URI.replace('t-acme', 't-'),
    URI.replace('t-acme', 't--acme'),
    URI.replace('casare.test', ''),
    URI.replace('casare.test', 'casare.test.'),
    URI.replace('casare.test', 'casare.test:443'),
    URI.replace('t-acme', 'user@t-acme'),
    URI.replace('agent', 'agents'),
    URI.replace(ID, ID.toUpperCase()),
    `${URI}/`,
    `${URI}?x=1`,
    `${URI}#x`,
    `${URI}\n`,
    ` ${URI}`,
    `${URI}, URI:spiffe://t-globex.casare.test/agent/${ID}`,
    URI.replace('acme', 'acme\0'),
    URI.replace('agent/', 'agent//'),
    URI.replace('acme', 'a%63me'),
  ])('refuses %j', (text) => {
    expect(parseAgentUri(text)).toBeNull();
  });

  test('whatever is read has exactly one spelling', () => {
    const piece = fc.constantFrom(
      'spiffe://',
      't-',
      'acme',
      '.',
      'casare.test',
      '/agent/',
      ID,
      '/',
      'A',
      '-',
      ',',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 9 }), (pieces) => {
        const name = parseAgentUri(pieces.join(''));
        if (name !== null) expect(agentUri(name)).toBe(pieces.join(''));
      }),
      { numRuns: 2_000 },
    );
  });

  test('a tenant fits one DNS label together with its prefix', () => {
    expect(TenantName.safeParse('a'.repeat(61)).success).toBe(true);
    expect(TenantName.safeParse('a'.repeat(62)).success).toBe(false);
    expect(parseTenantHost('t-a.b')).toEqual({ tenant: 'a', trustDomain: 'b' });
    expect(parseTenantHost('t-a')).toBeNull();
    expect(TrustDomain.safeParse('a..b').success).toBe(false);
  });
});

describe('gateway host', () => {
  test.each([
    ['localhost', 'dns'],
    ['gateway.acme.example', 'dns'],
    ['127.0.0.1', 'ip'],
    ['::1', 'ip'],
    ['2001:db8::1', 'ip'],
  ])('%s is %s', (host, type) => {
    expect(hostType(host)).toBe(type);
    expect(GatewayHost.parse(host)).toBe(host);
  });

  test.each([
    '',
    '*.acme.example',
    'Acme.example',
    'acme.example.',
    '1.2.3',
    '256.1.1.1',
    'fe80::1%eth0',
    '::ffff:1.2.3.4',
    'a b',
    '[::1]',
    'a_b.c',
  ])('%j is neither', (host) => {
    expect(GatewayHost.safeParse(host).success).toBe(false);
  });
});
