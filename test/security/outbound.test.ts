/** Attacks 35 and 45: addresses that somebody enters and that the control plane calls, turned against what is near it. */
import { generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { beginAt, completeAt, discover } from '../../control-plane/src/accounts/oidc-client.ts';
import { S3Objects } from '../../control-plane/src/platform/objects/s3-objects.ts';
import { OutboundAllowed } from '../../control-plane/src/platform/outbound/allowed.ts';
import { Outbound, type Resolve } from '../../control-plane/src/platform/outbound/outbound.ts';
import { Fault } from '../../control-plane/src/platform/errors.ts';
import { VaultMasterKey } from '../../control-plane/src/secrets/vault-master-key.ts';
import { systemClock } from '../../control-plane/src/platform/clock.ts';
import { attack } from './attack.ts';

/** What answers at 127.0.0.1 and at 127.0.0.2, on the same port: hosts beside each other. */
let near: Server;
let inner: Server;
let port: number;
let innerHeard = 0;
let location: string | null = null;
/** What the near one answers, by path. */
let pages: Record<string, string> = {};
beforeAll(async () => {
  near = createServer((request, response) => {
    if (request.url! in pages) response.setHeader('content-type', 'application/json');
    if (location === null) response.end(pages[request.url!] ?? 'near');
    else response.writeHead(302, { location }).end();
  });
  inner = createServer((_, response) => {
    innerHeard += 1;
    response.end('inner');
  });
  await once(near.listen(0, '127.0.0.1'), 'listening');
  ({ port } = near.address() as AddressInfo);
  await once(inner.listen(port, '127.0.0.2'), 'listening');
});
afterAll(() => {
  for (const server of [near, inner]) {
    server.closeAllConnections();
    server.close();
  }
});
beforeEach(() => {
  innerHeard = 0;
  location = null;
  pages = {};
});

const NEAR = 'http://127.0.0.1';
const open = (allowed: string | null, resolve?: Resolve) =>
  new Outbound({
    allowed: allowed === null ? new OutboundAllowed() : OutboundAllowed.parse(allowed)!,
    ...(resolve === undefined ? {} : { resolve }),
  });
async function outcome(outbound: Outbound, url: string, redirects = 0): Promise<string> {
  try {
    return (await outbound.call(url, { redirects, timeoutMs: 5_000 })).body.toString();
  } catch (error) {
    if (error instanceof Fault) return error.code;
    throw error;
  }
}

const OUTBOUND = 'control-plane/src/platform/outbound/outbound.ts';
const ALLOWED = 'control-plane/src/platform/outbound/allowed.ts';
const CLASS = 'control-plane/src/platform/outbound/address-class.ts';

attack(
  35,
  'addresses of this machine, its network and its cloud, in every way of writing them, are refused unless allowed',
  [
    { file: OUTBOUND, find: 'if (objection !== null) throw refused(host, objection);' },
    { file: CLASS, find: "&& !address.match(GLOBAL_IPV6) ? 'special'", replace: "&& !address ? 'special'" },
  ],
  async () => {
    const hosts = [
      ...['127.0.0.1', '127.1', '2130706433', '0x7f000001', '0177.0.0.1', '127.0.0.1.', '0.0.0.0', '0', 'localhost'],
      ...['[::1]', '[::]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::127.0.0.1]', '[64:ff9b::127.0.0.1]'],
      ...['[2002:7f00:1::]', '①②⑦.⓪.⓪.①'],
      ...['169.254.169.254', '[::ffff:169.254.169.254]', '100.100.100.200', '168.63.129.16', '[fd00:ec2::254]'],
      ...['10.0.0.1', '172.16.0.1', '192.168.1.1', '[fe80::1]', '[fd12::1]', '224.0.0.1', '255.255.255.255'],
    ];
    const nothing = open(null);
    const found = await Promise.all(
      hosts.flatMap((host) => ['https', 'http'].map((scheme) => outcome(nothing, `${scheme}://${host}:${port}/`))),
    );
    expect(new Set(found)).toEqual(new Set(['OUTBOUND_REFUSED']));
    // It was not for another reason: what the operator allows is reached.
    expect(await outcome(open(NEAR), `http://127.0.0.1:${port}/`)).toBe('near');
    expect(await outcome(open(NEAR), `http://[::ffff:127.0.0.1]:${port}/`)).toBe('near');
  },
);

attack(
  35,
  'a name is what its addresses are, and one bad address among them is enough',
  [
    {
      file: OUTBOUND,
      find: 'for (const address of addresses) {',
      replace: 'for (const address of addresses.slice(0, 1)) {',
    },
  ],
  async () => {
    const at = (...addresses: string[]) => open(NEAR, () => Promise.resolve(addresses));
    const url = `http://hooks.example:${port}/`;
    expect(await outcome(at('127.0.0.1'), url)).toBe('near');
    expect(await outcome(at('127.0.0.2'), url)).toBe('OUTBOUND_REFUSED');
    expect(await outcome(at('127.0.0.1', '127.0.0.2'), url)).toBe('OUTBOUND_REFUSED');
    expect(innerHeard).toBe(0);
  },
);

attack(
  35,
  'a name that changes its mind after it was judged (DNS rebinding) reaches what was judged',
  [{ file: OUTBOUND, find: 'return addresses;', replace: 'return this.#resolve(host);' }],
  async () => {
    let asked = 0;
    const outbound = open(NEAR, () => Promise.resolve([asked++ === 0 ? '127.0.0.1' : '127.0.0.2']));
    expect(await outcome(outbound, `http://rebind.example:${port}/`)).toBe('near');
    expect([asked, innerHeard]).toEqual([1, 0]);
    // A call after it is judged anew.
    expect(await outcome(outbound, `http://rebind.example:${port}/`)).toBe('OUTBOUND_REFUSED');
    expect(innerHeard).toBe(0);
  },
);

attack(
  35,
  'a redirect is judged like a first call, by name and by address',
  [{ file: OUTBOUND, find: 'if (objection !== null) throw refused(host, objection);' }],
  async () => {
    const outbound = open(NEAR, (host) => Promise.resolve([host === 'near.example' ? '127.0.0.1' : '127.0.0.2']));
    for (const to of [`http://127.0.0.2:${port}/`, `http://inner.example:${port}/`, `//127.0.0.2:${port}/`]) {
      location = to;
      expect(await outcome(outbound, `http://near.example:${port}/`, 3)).toBe('OUTBOUND_REFUSED');
    }
    for (const to of ['file:///etc/passwd', 'gopher://127.0.0.1/', `http://a:b@127.0.0.1:${port}/`]) {
      location = to;
      expect(await outcome(outbound, `http://near.example:${port}/`, 3)).toBe('OUTBOUND_URL');
    }
    expect(innerHeard).toBe(0);
  },
);

attack(
  35,
  'without TLS nothing is called, and the credentials of a cloud are not in a network that was allowed',
  [
    { file: ALLOWED, find: "if (target.plain && !listed.some(({ plain }) => plain)) return 'plain';" },
    {
      file: ALLOWED,
      find: "found === 'metadata' ? listed.filter(({ network }) => network?.whole === true) : listed",
      replace: 'listed',
    },
  ],
  async () => {
    expect(await outcome(open('127.0.0.1'), `http://127.0.0.1:${port}/`)).toBe('OUTBOUND_REFUSED');
    expect(await outcome(open(NEAR), `http://127.0.0.1:${port}/`)).toBe('near');
    const wide = open('http://0.0.0.0/0,http://cloud.example', () => Promise.resolve(['169.254.169.254']));
    expect(await outcome(wide, 'http://cloud.example/')).toBe('OUTBOUND_REFUSED');
    expect(await outcome(wide, 'http://169.254.169.254/')).toBe('OUTBOUND_REFUSED');
    expect(await outcome(wide, `http://127.0.0.1:${port}/`)).toBe('near');
  },
);

/** The near one becomes a provider whose word is `more`; what comes of signing in with it. */
async function signOnWith(more: Record<string, string>): Promise<string> {
  const issuer = `http://127.0.0.1:${port}`;
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const keys = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k', use: 'sig', alg: 'RS256' }] };
  const document = {
    ...{ issuer, authorization_endpoint: `${issuer}/auth`, token_endpoint: `${issuer}/token` },
    ...{ jwks_uri: `${issuer}/keys`, id_token_signing_alg_values_supported: ['RS256'], ...more },
  };
  const json = (value: object) => JSON.stringify(value);
  pages = { '/.well-known/openid-configuration': json(document), '/keys': json(keys) };
  try {
    const registration = { issuer, clientId: 'casare', clientSecret: 'x' };
    const configuration = await discover(open(NEAR), registration);
    const redirectUri = 'https://casare.example/login/callback';
    const { attempt } = await beginAt(configuration, { redirectUri, scopes: 'openid' });
    const now = Math.floor(Date.now() / 1_000);
    const claims = { iss: issuer, aud: 'casare', sub: 'x', nonce: attempt.nonce, iat: now, exp: now + 60 };
    const part = (value: object) => Buffer.from(json(value)).toString('base64url');
    const signed = `${part({ alg: 'RS256', kid: 'k' })}.${part(claims)}`;
    const token = `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`;
    pages['/token'] = json({ token_type: 'bearer', access_token: 'x', id_token: token });
    const query = `code=x&state=${attempt.state}`;
    return json(await completeAt(configuration, { redirectUri, query, attempt, wanted: ['email'] }));
  } catch (error) {
    for (let at: unknown = error; at instanceof Error; at = at.cause) if (at instanceof Fault) return at.code;
    throw error;
  }
}

attack(
  45,
  'a sign-in provider at such an address, or one that names such addresses for its keys, tokens or people, is refused',
  [
    { file: OUTBOUND, find: 'if (objection !== null) throw refused(host, objection);' },
    {
      file: 'control-plane/src/accounts/oidc-client.ts',
      find: '[client.customFetch]: outbound.fetch as client.CustomFetch,',
    },
  ],
  async () => {
    for (const issuer of ['https://169.254.169.254', `http://127.0.0.2:${port}`, `http://[::1]:${port}`]) {
      const found = await discover(open(NEAR), { issuer, clientId: 'x', clientSecret: 'x' }).catch(
        (error: unknown) => error,
      );
      expect((found as Fault).code).toBe('OUTBOUND_REFUSED');
    }
    const inner = `http://127.0.0.2:${port}`;
    expect(await signOnWith({ jwks_uri: `${inner}/keys` })).toBe('OUTBOUND_REFUSED');
    expect(await signOnWith({ token_endpoint: `${inner}/token` })).toBe('OUTBOUND_REFUSED');
    expect(await signOnWith({ userinfo_endpoint: `${inner}/me` })).toBe('OUTBOUND_REFUSED');
    expect(innerHeard).toBe(0);
    expect(await signOnWith({})).toContain('"sub":"x"');
    // And no provider makes a script of its own run in the console.
    expect(await signOnWith({ authorization_endpoint: 'javascript:alert(1)' })).toBe('PROVIDER_UNUSABLE');
  },
);

attack(
  45,
  'a Vault at such an address, or one that sends its callers to one, is refused',
  [{ file: OUTBOUND, find: 'if (objection !== null) throw refused(host, objection);' }],
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'casare-attack-'));
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, 'hvs.canary', { mode: 0o600 });
    const newest = async (address: string): Promise<string> => {
      const settings = { address, mount: 'transit', key: 'casare', login: { method: 'token', tokenFile } as const };
      const key = new VaultMasterKey({ settings, allowed: OutboundAllowed.parse(NEAR)!, clock: systemClock });
      return key.newest().catch((error: unknown) => (error as Error).message);
    };
    try {
      const near = `http://127.0.0.1:${port}`;
      pages = {
        '/v1/auth/token/lookup-self': '{"data":{"ttl":0}}',
        '/v1/transit/encrypt/casare': '{"data":{"ciphertext":"vault:v7:x"}}',
      };
      for (const address of ['https://169.254.169.254', `http://127.0.0.2:${port}`, `https://[::1]:${port}`]) {
        expect(await newest(address)).toMatch(/OUTBOUND_REFUSED/);
      }
      location = `http://127.0.0.2:${port}/v1/auth/token/lookup-self`;
      expect(await newest(near)).toMatch(/VAULT_STANDBY/);
      expect(innerHeard).toBe(0);
      location = null;
      expect(await newest(near)).toBe('vault:transit/casare:v7');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

attack(
  45,
  'a store of files at such an address, by its name, with the bucket before its name, or by a redirect, is refused',
  [
    { file: OUTBOUND, find: 'if (objection !== null) throw refused(host, objection);' },
    { file: OUTBOUND, find: 'return new Channel(this.#dial);', replace: 'return new Channel(this.#connect);' },
  ],
  async () => {
    const reading = async (endpoint: string, resolve?: Resolve, pathStyle = true): Promise<string> => {
      const channel = open(NEAR, resolve).channel();
      const keys = () => Promise.resolve({ accessKeyId: 'x', secretAccessKey: 'x' });
      const at = { bucket: 'files', endpoint, region: 'eu-central-1', prefix: '', pathStyle };
      try {
        const found = await new S3Objects({ ...at, keys, channel }).read('t', crypto.randomUUID(), null);
        return (await buffer(found!.content)).toString();
      } catch (error) {
        for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
          if (cause instanceof Fault && cause.code.startsWith('OUTBOUND')) return cause.code;
        return (error as Fault).code;
      } finally {
        await channel.close();
      }
    };
    const inner = () => Promise.resolve(['127.0.0.2']);
    for (const endpoint of ['https://169.254.169.254', `http://127.0.0.2:${port}`, `http://[::1]:${port}`]) {
      expect(await reading(endpoint), endpoint).toBe('OUTBOUND_REFUSED');
    }
    expect(await reading(`http://store.example:${port}`, inner)).toBe('OUTBOUND_REFUSED');
    expect(await reading(`http://store.example:${port}`, inner, false)).toBe('OUTBOUND_REFUSED');
    expect(await reading(`http://127.0.0.1:${port}`)).toBe('near');
    location = `http://127.0.0.2:${port}/`;
    expect(await reading(`http://127.0.0.1:${port}`)).toBe('ARTIFACT_STORE_UNREACHABLE');
    expect(innerHeard).toBe(0);
  },
);
