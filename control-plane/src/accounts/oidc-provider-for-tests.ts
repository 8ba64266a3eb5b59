/**
 * A real OpenID Connect provider (`oidc-provider`) on loopback. Whoever comes is signed in as `who`, without a form; the rest
 * is the protocol as it is.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider, { type Configuration } from 'oidc-provider';

/** What it says of somebody besides their id. */
export interface Person {
  readonly email?: string;
  readonly email_verified?: boolean;
  readonly groups?: readonly string[];
}

export interface TestProvider {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** By their ids. */
  readonly people: Map<string, Person>;
  /** Who sits before the browser. */
  who: string;
  /** Follows the redirects of a browser that begins at `url`; the address that it comes back to. */
  visit(url: string): Promise<URL>;
  close(): Promise<void>;
}

/** `webUrl`: of the console that browsers come back to. */
export async function startTestProvider(webUrl: string): Promise<TestProvider> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const people = new Map<string, Person>();
  const client = { client_id: 'casare', client_secret: 'a secret of forty signs, which nobody sees' };
  const provider = new Provider(issuer, configurationOf(webUrl, client, people));
  const handle = provider.callback();
  const made: TestProvider = {
    ...{ issuer, clientId: client.client_id, clientSecret: client.client_secret, people, who: '' },
    visit: (url) => visit(url, webUrl),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  server.on('request', (request, response) => {
    if (!request.url!.startsWith('/interaction/')) void handle(request, response);
    else void provider.interactionFinished(request, response, { login: { accountId: made.who } });
  });
  return made;
}

function configurationOf(
  webUrl: string,
  client: { client_id: string; client_secret: string },
  people: ReadonlyMap<string, Person>,
): Configuration {
  return {
    clients: [
      {
        ...client,
        redirect_uris: [`${webUrl}/login/callback`],
        post_logout_redirect_uris: [`${webUrl}/login`],
      },
    ],
    pkce: { required: () => true },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], groups: ['groups'] },
    features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: true } },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    cookies: { keys: ['for tests'] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...people.get(id) }) }),
    async loadExistingGrant(context) {
      const { client: of, session } = context.oidc;
      const grant = new context.oidc.provider.Grant({ clientId: of!.clientId, accountId: session!.accountId! });
      grant.addOIDCScope('openid email groups');
      await grant.save();
      return grant;
    },
  };
}

async function visit(url: string, webUrl: string): Promise<URL> {
  const cookies = new Map<string, string>();
  for (let at = url, hops = 0; hops < 10; hops++) {
    if (at.startsWith(`${webUrl}/`)) return new URL(at);
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(at, { redirect: 'manual', headers: { cookie } });
    for (const set of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(set)!;
      cookies.set(name!, value!);
    }
    const location = response.headers.get('location');
    if (location === null) throw new Error(`${response.status} at ${at}: ${(await response.text()).slice(0, 500)}`);
    at = new URL(location, at).href;
  }
  throw new Error('too many redirects');
}
