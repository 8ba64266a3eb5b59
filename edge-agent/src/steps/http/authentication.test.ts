import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Asked, json, runHttp, serve, type TestServer } from './server-for-tests.ts';

let server: TestServer;
let tokens = 0;
beforeAll(async () => {
  server = await serve((asked, response) => {
    const path = asked.path.split('?')[0]!;
    if (path === '/digest' && asked.headers.authorization === undefined) {
      return void response
        .writeHead(401, {
          'www-authenticate': 'Digest realm="r", nonce="n1", qop="auth", algorithm=SHA-256, opaque="o"',
        })
        .end();
    }
    if (path === '/oauth2/token' || path === '/own/token') {
      tokens += 1;
      return json(response, { access_token: `token-${tokens}-abcdef`, token_type: 'Bearer', expires_in: 3_600 });
    }
    if (path === '/denied/oauth2/token')
      return json(response, { error: 'invalid_client', error_description: 'secret c-secret-1 is wrong' }, 401);
    if (path === '/odd/oauth2/token') return json(response, { token: 'x' });
    if (path === '/.well-known/openid-configuration')
      return json(response, { issuer: server.origin, token_endpoint: `${server.origin}/own/token` });
    if (path === '/evil/.well-known/openid-configuration')
      return json(response, { issuer: 'https://evil.example', token_endpoint: `${server.origin}/own/token` });
    return json(response, { path: asked.path, authorization: asked.headers.authorization ?? null });
  });
});
afterAll(() => server.close());
beforeEach(() => {
  server.asked.length = 0;
  tokens = 0;
});

const secrets = {
  login: { username: 'anna', password: 'p:w/ä 22' },
  key: 'k-987654',
  client: {
    authority: 'AUTH',
    grant: 'client_credentials',
    'client.id': 'me',
    'client.secret': 'c-secret-1',
    scopes: 'a b',
  },
};
const run = (authentication: string, head = '', path = '/x') =>
  runHttp(
    `${head}\ndo:\n  - a: { call: http, with: { method: get, endpoint: { uri: ORIGIN${path}, authentication: ${authentication} } } }`,
    server.origin,
    {
      secrets: { ...secrets, client: { ...secrets.client, authority: server.origin } },
    },
  );
const use = (authentications: string) =>
  `use: { secrets: [login, key, client], authentications: { ${authentications} } }`;
const asked = (path: string): Asked[] => server.asked.filter((one) => one.path.split('?')[0] === path);

describe('authentication', () => {
  const basic = `Basic ${Buffer.from('anna:p:w/ä 22').toString('base64')}`;

  it('basic: inline, by name, by a secret, and by the name of one with a secret', async () => {
    for (const [policy, head] of [
      ["{ basic: { username: anna, password: 'p:w/ä 22' } }", ''],
      ['{ use: mine }', use("mine: { basic: { username: anna, password: 'p:w/ä 22' } }")],
      ['{ basic: { use: login } }', use('')],
      ['{ use: mine }', use('mine: { basic: { use: login } }')],
    ] as const) {
      const { ending, events } = await run(policy, head);
      expect(ending.type, policy).toBe('run.completed');
      expect(server.asked.at(-1)?.headers.authorization, policy).toBe(basic);
      if (head.includes('login') && policy.includes('login')) expect(JSON.stringify(events)).not.toContain('p:w/');
    }
  });

  it('bearer: a text secret is the token, and it is in no record', async () => {
    const { events } = await run('{ bearer: { use: key } }', use(''));
    expect(server.asked.at(-1)?.headers.authorization).toBe('Bearer k-987654');
    expect(JSON.stringify(events)).not.toContain('k-987654');
  });

  it('digest: answers the challenge, with the query in it', async () => {
    await run('{ digest: { use: login } }', use(''), '/digest?a=1');
    const [first, second] = server.asked;
    expect(first?.headers.authorization).toBeUndefined();
    const header = second?.headers.authorization ?? '';
    const of = (name: string) => new RegExp(`${name}="?([^",]+)`).exec(header)?.[1] ?? '';
    const sha = (text: string) => createHash('sha256').update(text).digest('hex');
    const expected = sha(`${sha('anna:r:p:w/ä 22')}:n1:00000001:${of('cnonce')}:auth:${sha('GET:/digest?a=1')}`);
    expect(of('response')).toBe(expected);
    expect(of('uri')).toBe('/digest?a=1');
  });

  it('a name that leads nowhere fails before anything is sent', async () => {
    expect((await run('{ use: nobody }', use(''))).ending).toMatchObject({ error: { code: 'AUTHENTICATION_UNKNOWN' } });
    expect((await run('{ basic: { use: nobody } }')).ending).toMatchObject({ error: { code: 'SECRET_UNKNOWN' } });
    expect(server.asked).toEqual([]);
  });
});

describe('oauth2 and oidc', () => {
  it('ask for a token once in a run, in the way the client says, and keep it out of every record', async () => {
    const oauth = '{ oauth2: { use: client } }';
    const yaml = `${use('')}\ndo:
  - a: { call: http, with: { method: get, endpoint: { uri: ORIGIN/x, authentication: ${oauth} } } }
  - b: { call: http, with: { method: get, endpoint: { uri: ORIGIN/y, authentication: ${oauth} } } }`;
    const { ending, events } = await runHttp(yaml, server.origin, {
      secrets: { ...secrets, client: { ...secrets.client, authority: server.origin } },
    });
    expect(ending).toMatchObject({ type: 'run.completed', output: { authorization: 'Bearer ***' } });
    expect(asked('/oauth2/token')).toHaveLength(1);
    expect(Object.fromEntries(new URLSearchParams(asked('/oauth2/token')[0]!.body))).toEqual({
      grant_type: 'client_credentials',
      scope: 'a b',
      client_id: 'me',
      client_secret: 'c-secret-1',
    });
    expect([asked('/x')[0]?.headers.authorization, asked('/y')[0]?.headers.authorization]).toEqual([
      'Bearer token-1-abcdef',
      'Bearer token-1-abcdef',
    ]);
    expect(JSON.stringify(events)).not.toMatch(/token-1-abcdef|c-secret-1/);
  });

  it('password grant with JSON, an endpoint of its own and a basic client', async () => {
    const client = 'client: { id: me, secret: s3cret, authentication: client_secret_basic }';
    await run(
      `{ oauth2: { authority: ORIGIN, endpoints: { token: /own/token }, grant: password, username: anna, password: pw, ${client}, request: { encoding: application/json }, audiences: [x] } }`,
    );
    const [token] = asked('/own/token');
    expect(JSON.parse(token!.body)).toEqual({
      grant_type: 'password',
      username: 'anna',
      password: 'pw',
      audience: 'x',
    });
    expect(token!.headers.authorization).toBe(`Basic ${Buffer.from('me:s3cret').toString('base64')}`);
  });

  it('a client that signs with its secret', async () => {
    await run(
      '{ oauth2: { authority: ORIGIN, grant: client_credentials, client: { id: me, secret: s3cret, authentication: client_secret_jwt } } }',
    );
    const fields = new URLSearchParams(asked('/oauth2/token')[0]!.body);
    const claims = JSON.parse(
      Buffer.from(fields.get('client_assertion')!.split('.')[1]!, 'base64url').toString(),
    ) as object;
    expect(claims).toMatchObject({ iss: 'me', sub: 'me', aud: `${server.origin}/oauth2/token` });
    expect(fields.get('client_secret')).toBeNull();
  });

  it('oidc: the endpoint is discovered, from an authority with or without the well-known path', async () => {
    for (const authority of ['ORIGIN', 'ORIGIN/.well-known/openid-configuration']) {
      server.asked.length = 0;
      const { ending } = await run(
        `{ oidc: { authority: ${authority}, grant: client_credentials, client: { id: me, secret: s } } }`,
      );
      expect(ending.type).toBe('run.completed');
      expect(asked('/own/token')).toHaveLength(1);
    }
  });

  it.each([
    [
      'a refusal',
      'oauth2: { authority: ORIGIN/denied, grant: client_credentials, client: { id: me, secret: c-secret-1 } }',
      'OAUTH_REFUSED',
      401,
    ],
    [
      'an answer without a token',
      'oauth2: { authority: ORIGIN/odd, grant: client_credentials, client: { id: me } }',
      'OAUTH_ANSWER_INVALID',
      401,
    ],
    [
      'another issuer',
      'oidc: { authority: ORIGIN/evil, grant: client_credentials, client: { id: me } }',
      'OAUTH_ISSUER_UNKNOWN',
      401,
    ],
  ])('%s is an authentication error, and nothing is called', async (_what, policy, code, status) => {
    const { ending } = await run(`{ ${policy} }`);
    expect(ending).toMatchObject({
      type: 'run.failed',
      error: { code, status, type: expect.stringMatching(/authentication$/) as string },
    });
    expect(JSON.stringify(ending)).not.toContain('c-secret-1');
    expect(asked('/x')).toEqual([]);
  });

  it('a grant that needs a person is refused', async () => {
    const { ending } = await run('{ oauth2: { authority: ORIGIN, grant: authorization_code } }');
    expect(ending).toMatchObject({ error: { code: 'STEP_ARGUMENTS_INVALID' } });
    expect(server.asked).toEqual([]);
  });
});

describe('secrets in addresses', () => {
  it('are encoded where a template puts them', async () => {
    const yaml = `${use('')}\ndo:\n  - a: { input: { from: '{ pw: $secrets.login.password }' }, call: http, with: { method: get, endpoint: 'ORIGIN/basic/{pw}' } }`;
    const { events } = await runHttp(yaml, server.origin, { secrets });
    expect(server.asked.at(-1)?.path).toBe('/basic/p%3Aw%2F%C3%A4%2022');
    expect(JSON.stringify(events)).not.toMatch(/p:w|p%3Aw/);
    expect(JSON.stringify(events)).toContain('/basic/$secrets.login.password');
  });
});
