import { describe, expect, it } from 'vitest';
import { answerTo, challengeIn } from './digest.ts';

/** The example of RFC 7616, section 3.9.1. */
const RFC = `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256,
 nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
 Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5,
 nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`;
const who = { username: 'Mufasa', password: 'Circle of Life' };
const what = { method: 'GET', target: '/dir/index.html', cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ' };

describe('digest', () => {
  it('answers the example of the standard, the strongest algorithm first', () => {
    const challenge = challengeIn(RFC)!;
    expect(challenge.algorithm).toBe('SHA-256');
    expect(answerTo(challenge, who, what)).toContain(
      'response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"',
    );
    const md5 = { ...challenge, algorithm: 'MD5' as const };
    expect(answerTo(md5, who, what)).toContain('response="8ca523f5e9506fed4657c9700eebdbec"');
  });

  it('knows servers without quality of protection, and quotes what it is given', () => {
    const old = challengeIn('Digest realm="a \\"b\\"", nonce="n"')!;
    expect(old).toMatchObject({ realm: 'a "b"', algorithm: 'MD5', hasQop: false });
    const header = answerTo(old, { username: 'x"y', password: 'p' }, what);
    expect(header).toContain(String.raw`username="x\"y"`);
    expect(header).not.toContain('qop');
  });

  it.each([
    'Basic realm="x"',
    'Digest realm="x"',
    'Digest realm="x", nonce="n", algorithm=MD4',
    'Digest realm="x", nonce="n", qop="auth-int"',
  ])('does not answer %s', (header) => expect(challengeIn(header)).toBeNull());
});
