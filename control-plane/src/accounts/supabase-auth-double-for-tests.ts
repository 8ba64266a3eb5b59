/**
 * A double of Supabase Auth: signing in by password and its public keys, as far as `@supabase/supabase-js` and we ask for it.
 * The real one cannot run here. Its tokens have the form and the claims that Supabase documents.
 */
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SupabaseDouble {
  /** What a client is made with. */
  readonly url: string;
  /** `iss` of its tokens. */
  readonly issuer: string;
  /** By their e-mail addresses: what `app_metadata` says. */
  readonly people: Map<string, object>;
  /** A token with these claims besides, by the key that is in use. */
  token(claims: object, header?: { readonly alg?: string }): Promise<string>;
  /** From now on another key signs, and the old one is not published any more. */
  rotate(): Promise<void>;
  /** How often its keys were asked for. */
  asked: number;
  /** The public key as published. */
  readonly publicKey: JWK;
  close(): Promise<void>;
}

/** `now`: of the clock by which tokens are judged. */
export async function startSupabaseDouble(now: () => Date): Promise<SupabaseDouble> {
  let key: { id: string; privateKey: CryptoKey; jwk: JWK };
  let made = 0;
  const rotate = async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const id = `key-${++made}`;
    key = { id, privateKey, jwk: { ...(await exportJWK(publicKey)), kid: id, alg: 'ES256', use: 'sig' } };
  };
  await rotate();
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const double: SupabaseDouble = {
    ...{ url, issuer: `${url}/auth/v1`, people: new Map(), rotate, asked: 0 },
    get publicKey() {
      return key.jwk;
    },
    token(claims) {
      const seconds = Math.floor(now().getTime() / 1_000);
      const all = {
        iss: `${url}/auth/v1`,
        aud: 'authenticated',
        role: 'authenticated',
        iat: seconds,
        exp: seconds + 3_600,
      };
      return new SignJWT({ ...all, ...claims })
        .setProtectedHeader({ alg: 'ES256', kid: key.id, typ: 'JWT' })
        .sign(key.privateKey);
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  server.on('request', (request, response) => {
    void (async () => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      response.setHeader('content-type', 'application/json');
      if (request.url === '/auth/v1/.well-known/jwks.json') {
        double.asked += 1;
        response.end(JSON.stringify({ keys: [key.jwk] }));
        return;
      }
      const { email } = JSON.parse(body || '{}') as { email?: string };
      const known = email === undefined ? undefined : double.people.get(email);
      if (request.url !== '/auth/v1/token?grant_type=password' || known === undefined) {
        response
          .writeHead(400)
          .end(JSON.stringify({ error_code: 'invalid_credentials', msg: 'Invalid login credentials' }));
        return;
      }
      const user = { id: `id-of-${email}`, email, aud: 'authenticated', app_metadata: known, user_metadata: {} };
      const access_token = await double.token({ sub: user.id, email, app_metadata: known });
      const session = { access_token, refresh_token: 'r', token_type: 'bearer', expires_in: 3_600, user };
      response.end(JSON.stringify(session));
    })();
  });
  return double;
}
