/**
 * OpenID Connect by `openid-client`: what a provider says about itself, authorization code with PKCE, logout.
 *
 * Invariants: every call goes the one way out; state, nonce, issuer, audience, expiry and the signature of the ID token are
 * checked by the library, none of it can be left out here; the browser is only sent to http and https.
 */
import * as client from 'openid-client';
import { Fault, lineOf } from '../platform/errors.ts';
import type { Outbound } from '../platform/outbound/outbound.ts';

/** Who we are at which provider. */
export interface Registration {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** What only the browser that began may bring back. */
export interface Attempt {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** @throws Fault PROVIDER_UNUSABLE, OUTBOUND_* */
export async function discover(outbound: Outbound, registration: Registration): Promise<client.Configuration> {
  const { issuer, clientId, clientSecret } = registration;
  // Whether http may be called at all is for the way out to say.
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- marked so as to be noticed
  const plain = issuer.startsWith('http:') ? [client.allowInsecureRequests] : [];
  try {
    return await client.discovery(new URL(issuer), clientId, clientSecret, undefined, {
      [client.customFetch]: outbound.fetch as client.CustomFetch,
      execute: [...plain, client.enableNonRepudiationChecks],
    });
  } catch (error) {
    throw outboundFault(error) ?? unusable(issuer, lineOf(error), error);
  }
}

/** Where the browser is to go, and what must be kept for its return. */
export async function beginAt(
  configuration: client.Configuration,
  { redirectUri, scopes }: { readonly redirectUri: string; readonly scopes: string },
): Promise<{ url: string; attempt: Attempt }> {
  const attempt = {
    state: client.randomState(),
    nonce: client.randomNonce(),
    verifier: client.randomPKCECodeVerifier(),
  };
  const code_challenge = await client.calculatePKCECodeChallenge(attempt.verifier);
  const parameters = {
    redirect_uri: redirectUri,
    scope: scopes,
    state: attempt.state,
    nonce: attempt.nonce,
    code_challenge,
    code_challenge_method: 'S256',
  };
  return { url: forBrowser(() => client.buildAuthorizationUrl(configuration, parameters)), attempt };
}

/**
 * What the provider says of who comes back. Claims of the ID token win over those of the user info, which is only asked
 * for when `wanted` is missing.
 * @throws Error of the library, Fault OUTBOUND_*
 */
export async function completeAt(
  configuration: client.Configuration,
  { redirectUri, query, attempt, wanted }: { redirectUri: string; query: string; attempt: Attempt; wanted: string[] },
): Promise<object> {
  const came = new URL(redirectUri);
  came.search = query;
  const tokens = await client.authorizationCodeGrant(configuration, came, {
    expectedState: attempt.state,
    expectedNonce: attempt.nonce,
    pkceCodeVerifier: attempt.verifier,
    idTokenExpected: true,
  });
  const claims = tokens.claims()!;
  const whole = wanted.every((name) => Object.hasOwn(claims, name));
  if (whole || configuration.serverMetadata().userinfo_endpoint === undefined) return claims;
  return { ...(await client.fetchUserInfo(configuration, tokens.access_token, claims.sub)), ...claims };
}

/** Where the browser ends its session at the provider; null when the provider has no such place. */
export function leaveAt(configuration: client.Configuration, returnTo: string): string | null {
  if (configuration.serverMetadata().end_session_endpoint === undefined) return null;
  return forBrowser(() => client.buildEndSessionUrl(configuration, { post_logout_redirect_uri: returnTo }));
}

/** A refusal of the way out, wherever a library has put it. */
export function outboundFault(error: unknown): Fault | null {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if (at instanceof Fault) return at;
  }
  return null;
}

/** A provider's own word must not become a script of our page. */
function forBrowser(make: () => URL): string {
  let url: URL | null = null;
  try {
    url = make();
  } catch {
    // The library takes no such address either.
  }
  if (url !== null && /^https?:$/.test(url.protocol)) return url.href;
  throw unusable('', 'it sends browsers to what is no web address');
}

function unusable(issuer: string, why: string, cause?: unknown): Fault {
  return new Fault({
    code: 'PROVIDER_UNUSABLE',
    what: issuer === '' ? 'This sign-in provider cannot be used' : `The sign-in provider ${issuer} cannot be used`,
    why,
    fix: 'See that the issuer is exactly as the provider names itself',
    status: 422,
    ...(cause === undefined ? {} : { cause }),
  });
}
