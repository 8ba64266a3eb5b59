/** How to authenticate, as documents write it: what a call cannot use is refused when the document is pushed. */
import { describe, expect, it } from 'vitest';
import { parseWorkflow } from './parse.ts';

const parse = (policy: string) =>
  parseWorkflow(`document: { dsl: '1.0.3', namespace: a, name: b, version: '1.0.0' }
use: { secrets: [client], authentications: { shop: { ${policy} } } }
do:
  - ask: { call: http, with: { method: get, endpoint: { uri: https://x.example, authentication: { use: shop } } } }
`);

describe('authentication', () => {
  it.each([
    'oauth2: { use: client }',
    'oauth2: { authority: https://id.example, grant: client_credentials, client: { id: me, secret: x }, scopes: [a] }',
    "oidc: { authority: https://id.example, grant: '${ .grant }', username: a, password: b }",
    'basic: { username: a, password: b }',
    'bearer: { use: client }',
  ])('accepts %s', (policy) => {
    expect(parse(policy)).toMatchObject({ ok: true });
  });

  it.each([
    ['oauth2: { authority: https://id.example, grant: authorization_code }', 'oauth2/grant', 'nobody is there'],
    [
      'oidc: { authority: https://id.example, grant: password, clent: { id: a } }',
      'oidc/clent',
      'did you mean `client`',
    ],
    ['digest: { username: a }', 'digest/password', 'is missing'],
  ])('refuses %s, at its place', (policy, place, message) => {
    expect(parse(policy)).toMatchObject({
      ok: false,
      problems: [
        { path: `/use/authentications/shop/${place}`, line: 2, message: expect.stringContaining(message) as string },
      ],
    });
  });
});
