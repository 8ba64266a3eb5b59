/** Which hosts steps may reach: every spelling of an address that leads somewhere else than it looks. */
import { isIP } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { StepPolicy } from '../engine/index.ts';
import { readHostRule } from './host-rules.ts';
import type { Policy } from './policy-file.ts';
import { type Lookup, stepPolicyOf } from './step-policy.ts';

const NAMES: Readonly<Record<string, readonly string[]>> = {
  'portal.example.com': ['203.0.113.7'],
  'inside.example.com': ['10.1.2.3'],
  'rebound.example.com': ['203.0.113.7', '127.0.0.1'],
  'mapped.example.com': ['::ffff:169.254.169.254'],
  localhost: ['127.0.0.1', '::1'],
};

const look: Lookup = (name, _, done) => {
  const found = NAMES[name] ?? ['203.0.113.99'];
  done(
    null,
    found.map((address) => ({ address, family: isIP(address) })),
  );
};

/** The code of the refusal, or `ok`. */
async function ask(domains: Policy['domains'], url: string): Promise<string> {
  const policy = stepPolicyOf({ ...(domains === undefined ? {} : { domains }) }, { look });
  return policy.checkUrl(url).then(
    () => 'ok',
    (error: unknown) => {
      const { certain, code } = error as { code?: string; certain?: boolean };
      expect(certain).toBe(true);
      return code ?? String(error);
    },
  );
}
const REFUSED = 'POLICY_DOMAIN_REFUSED';

describe('names', () => {
  const domains = { allow: ['portal.example.com', '*.shop.example', 'api.example.com:8443', '*.bücher.example'] };
  test.each([
    ['https://portal.example.com/a?b#c', 'ok'],
    ['https://PORTAL.Example.COM./', 'ok'],
    ['https://portal.example.com:444/', 'ok'],
    ['wss://portal.example.com/socket', 'ok'],
    ['smtp://portal.example.com:25', 'ok'],
    ['https://a.shop.example/', 'ok'],
    ['https://a.b.shop.example/', 'ok'],
    ['https://api.example.com:8443/', 'ok'],
    ['https://www.bücher.example/', 'ok'],
    ['https://www.xn--bcher-kva.example/', 'ok'],
    ['https://shop.example/', REFUSED],
    ['https://evilshop.example/', REFUSED],
    ['https://api.example.com/', REFUSED],
    ['https://portal.example.com.evil.example/', REFUSED],
    ['https://portal.example.com@evil.example/', REFUSED],
    ['https://portal.example.com%40evil.example/', 'POLICY_ADDRESS_REFUSED'],
    ['https://evil.example/portal.example.com', REFUSED],
    ['https://evil.example\\@portal.example.com/', REFUSED],
    // a Cyrillic а
    ['https://portаl.example.com/', REFUSED],
    ['https://93.184.216.34/', REFUSED],
    ['smtp://evil.example:25', REFUSED],
    ['postgres://user:canary@evil.example/db', REFUSED],
  ])('%s: %s', async (url, expected) => expect(await ask(domains, url)).toBe(expected));

  test('what is forbidden goes before what is allowed, in every spelling', async () => {
    const both = { allow: ['*.example.com'], forbid: ['payroll.example.com', '10.0.0.0/8'] };
    expect(await ask(both, 'https://portal.example.com/')).toBe('ok');
    for (const url of [
      'https://payroll.example.com/',
      'https://payroll.example.com.:8443/',
      'https://PAYROLL.example.com/',
    ]) {
      expect(await ask(both, url), url).toBe(REFUSED);
    }
    expect(await ask(both, 'https://inside.example.com/'), 'resolves into a forbidden range').toBe(REFUSED);
  });

  test('a refusal shows the host and the rule, and nothing that may be secret', async () => {
    const policy = stepPolicyOf({ domains: { forbid: ['evil.example'] } }, { look });
    const error = await policy
      .checkUrl('https://user:canary@evil.example/canary?canary#canary')
      .catch((e: unknown) => e);
    expect(error).toMatchObject({ type: 'authorization' });
    expect((error as Error).message).toContain('https://evil.example:443: it is forbidden by `evil.example`');
    expect(JSON.stringify(error) + String(error)).not.toContain('canary');
  });
});

describe('addresses', () => {
  const domains = { allow: ['10.0.0.0/8', '[fd00::]/8', '192.0.2.7:8443', '*.example.com'], forbid: ['10.9.0.0/16'] };
  test.each([
    ['http://10.1.2.3/', 'ok'],
    ['http://0x0a010203/', 'ok'],
    ['http://167838211/', 'ok'],
    ['http://[fd00::1]/', 'ok'],
    ['http://[::ffff:10.1.2.3]/', 'ok'],
    ['https://192.0.2.7:8443/', 'ok'],
    ['https://192.0.2.7/', REFUSED],
    ['http://11.0.0.1/', REFUSED],
    ['http://10.9.0.1/', REFUSED],
    ['http://[::ffff:10.9.0.1]/', REFUSED],
    ['http://[::ffff:a09:1]/', REFUSED],
    ['http://[64:ff9b::10.9.0.1]/', REFUSED],
    ['http://0x7f.1/', REFUSED],
    ['http://2130706433/', REFUSED],
    ['http://0177.0.0.1/', REFUSED],
    ['http://[::1]/', REFUSED],
    ['http://[::ffff:127.0.0.1]/', REFUSED],
    ['postgres://0x7f.1/db', REFUSED],
    ['https://rebound.example.com/', REFUSED],
    ['https://mapped.example.com/', REFUSED],
  ])('%s: %s', async (url, expected) => expect(await ask(domains, url)).toBe(expected));

  test('this very machine has to be named, by a range or as localhost', async () => {
    for (const url of ['http://127.0.0.1:8080/', 'http://localhost/', 'http://[::1]/']) {
      expect(await ask({ allow: ['*'] }, url), url).toBe(REFUSED);
    }
    expect(await ask({ allow: ['localhost'] }, 'http://localhost:8080/')).toBe('ok');
    expect(await ask({ allow: ['localhost'] }, 'http://127.0.0.1:8080/')).toBe(REFUSED);
    expect(await ask({ allow: ['*', '127.0.0.1:8080'] }, 'http://127.0.0.1:8080/')).toBe('ok');
    expect(await ask({ allow: ['*', '127.0.0.1:8080'] }, 'http://127.0.0.1:8081/')).toBe(REFUSED);
    expect(await ask({ forbid: ['evil.example'] }, 'http://127.0.0.1:8080/')).toBe('ok');
    expect(await ask(undefined, 'http://localhost/')).toBe('ok');
  });

  test.each([
    'http://169.254.169.254/latest/meta-data/',
    'http://[fe80::1]/',
    'http://[::ffff:169.254.169.254]/',
    'http://[64:ff9b::169.254.169.254]/',
    'http://[2002:a9fe:a9fe::]/',
    'http://[::ffff:0:169.254.169.254]/',
    'http://2852039166/',
    'https://mapped.example.com/',
  ])('%s gives machines their credentials: closed also without a policy, unless it is named', async (url) => {
    expect(await ask(undefined, url)).toBe(REFUSED);
    expect(await ask({ allow: ['*'] }, url)).toBe(REFUSED);
    expect(await ask({ allow: ['*', '169.254.0.0/16', '[fe80::]/10'] }, url)).toBe('ok');
  });
});

test.each([
  'http://[fd00:ec2::254]/',
  'http://[fd00:ec2::23]/',
  'http://[fd20:ce::254]/',
  'http://[fd00:c1::a9fe:a9fe]/',
])('%s is one under which clouds give credentials, in a network that may be open otherwise', async (url) => {
  expect(await ask(undefined, url)).toBe(REFUSED);
  expect(await ask({ allow: ['*'] }, url)).toBe(REFUSED);
  expect(await ask({ allow: ['*'] }, 'http://[fd00:1::254]/')).toBe('ok');
});

describe('ways that are none', () => {
  test.each([
    ['about:blank', 'ok'],
    ['data:text/html,hello', 'ok'],
    ['blob:https://portal.example.com/0b0', 'ok'],
    ['blob:https://evil.example/0b0', REFUSED],
    ['about:config', 'POLICY_ADDRESS_REFUSED'],
    ['javascript:alert(1)', 'POLICY_ADDRESS_REFUSED'],
    ['view-source:https://portal.example.com/', 'POLICY_ADDRESS_REFUSED'],
    ['chrome://settings', 'POLICY_ADDRESS_REFUSED'],
    ['filesystem:https://portal.example.com/x', 'POLICY_ADDRESS_REFUSED'],
    ['/relative', 'POLICY_ADDRESS_REFUSED'],
    ['https://', 'POLICY_ADDRESS_REFUSED'],
    ['file:///etc/passwd', 'POLICY_FILE_REFUSED'],
    ['FILE:/etc/passwd', 'POLICY_FILE_REFUSED'],
  ])('%s: %s', async (url, expected) => expect(await ask({ allow: ['portal.example.com'] }, url)).toBe(expected));

  test('a file is no page, also where every host is open', async () => {
    expect(await ask(undefined, 'file:///etc/passwd')).toBe('POLICY_FILE_REFUSED');
  });
});

test.each([
  '',
  '.',
  '*.',
  '*.*',
  'a*b',
  'a b',
  'http://a',
  'a/b',
  'a:0',
  'a:70000',
  '10.0.0.0/33',
  '[::1',
  '[::1]/129',
  '10.0.0.0/8/8',
  '1.2.3.4%eth0',
])('is no rule: %s', (text) => expect(readHostRule(text)).toBeNull());

describe('where a name leads is judged again when it is dialled', () => {
  const dial = (policy: StepPolicy, url: string, name: string, all = true) =>
    new Promise<string>((resolve) => {
      policy.lookupFor!(url)(name, { all }, (error, found) => {
        const addresses = Array.isArray(found) ? found.map(({ address }) => address).join() : found;
        resolve(error === null ? addresses : ((error as { code?: string }).code ?? ''));
      });
    });
  /** First it leads to where it may, then to this machine. */
  const turning = (): Lookup => {
    let asked = 0;
    return (_, __, done) => done(null, [{ address: (asked += 1) === 1 ? '203.0.113.7' : '127.0.0.1', family: 4 }]);
  };

  test('a name that has turned meanwhile is refused', async () => {
    const url = 'https://turning.example/';
    const policy = stepPolicyOf({ domains: { allow: ['turning.example'] } }, { look: turning() });
    await policy.checkUrl(url);
    expect(await dial(policy, url, 'turning.example')).toBe(REFUSED);
    const named = stepPolicyOf({ domains: { allow: ['turning.example', '127.0.0.1'] } }, { look: turning() });
    await named.checkUrl(url);
    expect(await dial(named, url, 'turning.example')).toBe('127.0.0.1');
  });

  test('one and all addresses, no address, and a proxy with another name', async () => {
    const policy = stepPolicyOf({ domains: { allow: ['portal.example.com', 'rebound.example.com'] } }, { look });
    expect(await dial(policy, 'https://portal.example.com/', 'portal.example.com')).toBe('203.0.113.7');
    expect(await dial(policy, 'https://portal.example.com/', 'portal.example.com', false)).toBe('203.0.113.7');
    expect(await dial(policy, 'https://rebound.example.com/', 'rebound.example.com')).toBe(REFUSED);
    expect(await dial(policy, 'https://portal.example.com/', 'localhost')).toBe('127.0.0.1,::1');
    const nowhere = Object.assign(new Error('none'), { code: 'ENOTFOUND' });
    const failing = stepPolicyOf({}, { look: (_, __, done) => done(nowhere, []) });
    expect(await dial(failing, 'https://portal.example.com/', 'portal.example.com')).toBe('ENOTFOUND');
  });
});
