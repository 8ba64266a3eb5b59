/**
 * Tokens of OAuth 2.0 and OpenID Connect for calls without a person: a token endpoint is asked, its answer parsed, and the
 * token kept for the run until shortly before it expires. Tokens are secrets: they are in no error and no output.
 */
import { createHash, createHmac, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { StepFailure, type StepContext } from '../../engine/index.ts';
import type { OAuth } from './arguments.ts';
import { encodeBody, parseJson } from './content.ts';
import { invalid, shownUrl } from './failures.ts';
import type { HttpAnswer } from './transport.ts';

/** Asks an address: policy, deadline and bounds are the asker's. */
export type Ask = (request: {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | null;
}) => Promise<HttpAnswer>;

/** How long a token without `expires_in` is used, and how long before its end a new one is asked for, milliseconds. */
const LIFE_MS = 60_000;
const MARGIN_MS = 30_000;
/** Tokens kept in one run; the oldest is forgotten. */
const KEPT = 20;
const TOKENS = 'http.tokens';
const CLIENT_ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

const TokenAnswer = z.object({
  access_token: z.string().min(1).max(100_000),
  token_type: z.string().max(100).optional(),
  expires_in: z
    .union([
      z.number(),
      z
        .string()
        .regex(/^\d{1,12}$/)
        .transform(Number),
    ])
    .optional(),
});
const Discovery = z.object({ issuer: z.string().max(2_000), token_endpoint: z.string().max(2_000) });
const ErrorAnswer = z.object({ error: z.string(), error_description: z.string().optional() });

interface Kept {
  readonly token: string;
  readonly until: number;
}

/**
 * An access token.
 * @param kind `oidc`: the token endpoint is discovered at the authority
 * @throws StepFailure of type authentication, certain; OAUTH_REFUSED, OAUTH_ANSWER_INVALID, OAUTH_ISSUER_UNKNOWN
 */
export async function accessToken(
  kind: 'oauth2' | 'oidc',
  oauth: OAuth,
  context: StepContext,
  ask: Ask,
): Promise<string> {
  const kept = keptTokens(context);
  const key = createHash('sha256')
    .update(JSON.stringify([kind, oauth]))
    .digest('hex');
  const known = kept.get(key);
  if (known !== undefined && known.until > performance.now()) return known.token;
  const endpoint = kind === 'oidc' ? await discovered(oauth, ask) : tokenEndpoint(oauth);
  const { access_token: token, expires_in: seconds } = await requestToken(oauth, endpoint, ask);
  const life = seconds === undefined ? LIFE_MS : Math.max(0, seconds * 1_000 - MARGIN_MS);
  kept.delete(key);
  if (kept.size >= KEPT) kept.delete(kept.keys().next().value ?? '');
  kept.set(key, { token, until: performance.now() + life });
  return token;
}

function keptTokens({ session }: StepContext): Map<string, Kept> {
  const known = session.get(TOKENS) as Map<string, Kept> | undefined;
  const kept = known ?? new Map<string, Kept>();
  session.set(TOKENS, kept);
  return kept;
}

/** The authority is an address with or without a path; the endpoint stands behind it. */
function tokenEndpoint({ authority, endpoints }: OAuth): URL {
  const path = endpoints?.token ?? '/oauth2/token';
  if (URL.canParse(path)) return new URL(path);
  return addressOf(`${authority.replace(/\/+$/, '')}/${path.replace(/^\/+/, '')}`);
}

async function discovered(oauth: OAuth, ask: Ask): Promise<URL> {
  const well = '/.well-known/openid-configuration';
  const base = oauth.authority.replace(/\/+$/, '');
  const url = addressOf(base.endsWith(well) ? base : `${base}${well}`);
  const answer = await ask({ method: 'GET', url, headers: { accept: 'application/json' }, body: null });
  const parsed = answer.status === 200 ? parseJson(answer.body.toString('utf8')) : null;
  const found = Discovery.safeParse(parsed?.ok === true ? parsed.value : null);
  if (!found.success)
    throw failure('OAUTH_ANSWER_INVALID', `${shownUrl(url)} gave no OpenID configuration`, answer.status);
  // Who speaks for another issuer could send the credentials anywhere (RFC 8414, section 3.3).
  const { issuer, token_endpoint: endpoint } = found.data;
  const allowed = [base.replace(well, ''), ...(oauth.issuers ?? [])].map((one) => one.replace(/\/+$/, ''));
  if (!allowed.includes(issuer.replace(/\/+$/, ''))) {
    throw failure('OAUTH_ISSUER_UNKNOWN', `${shownUrl(url)} speaks for another issuer than the document names`, 200);
  }
  return addressOf(endpoint);
}

async function requestToken(oauth: OAuth, url: URL, ask: Ask): Promise<z.output<typeof TokenAnswer>> {
  const { fields, headers } = clientOf(oauth, url);
  const encoding = oauth.request?.encoding ?? 'application/x-www-form-urlencoded';
  const { bytes } = encodeBody({ ...fieldsOf(oauth), ...fields }, encoding);
  const answer = await ask({
    method: 'POST',
    url,
    headers: { accept: 'application/json', 'content-type': encoding, ...headers },
    body: bytes,
  });
  const parsed = parseJson(answer.body.toString('utf8'));
  const value = parsed.ok ? parsed.value : null;
  if (answer.status !== 200) {
    const said = ErrorAnswer.safeParse(value);
    const why = said.success ? `: ${said.data.error}` : '';
    throw failure('OAUTH_REFUSED', `${shownUrl(url)} gave no token${why.slice(0, 200)}`, answer.status);
  }
  const token = TokenAnswer.safeParse(value);
  if (token.success) return token.data;
  throw failure('OAUTH_ANSWER_INVALID', `${shownUrl(url)} answered without a usable access_token`, answer.status);
}

function fieldsOf(oauth: OAuth): Record<string, string> {
  const { grant, scopes, audiences, username, password, refreshToken, subject, actor } = oauth;
  const given = {
    grant_type: grant,
    scope: scopes?.join(' '),
    audience: audiences?.join(' '),
    ...(grant === 'password' ? { username, password } : {}),
    ...(grant === 'refresh_token' ? { refresh_token: refreshToken } : {}),
    subject_token: subject?.token,
    subject_token_type: subject?.type,
    actor_token: actor?.token,
    actor_token_type: actor?.type,
  };
  return Object.fromEntries(Object.entries(given).flatMap(([name, value]) => (value ? [[name, value]] : [])));
}

/** How the client says who it is. */
function clientOf(oauth: OAuth, url: URL): { fields: Record<string, string>; headers: Record<string, string> } {
  const { id, secret, assertion, authentication = 'client_secret_post' } = oauth.client ?? {};
  const named: Record<string, string> = id === undefined ? {} : { client_id: id };
  switch (authentication) {
    case 'none':
      return { fields: named, headers: {} };
    case 'client_secret_post':
      return { fields: { ...named, ...(secret === undefined ? {} : { client_secret: secret }) }, headers: {} };
    case 'client_secret_basic': {
      // RFC 6749, section 2.3.1: both parts are form-encoded before.
      const pair = [id ?? '', secret ?? '']
        .map((part) => new URLSearchParams({ p: part }).toString().slice(2))
        .join(':');
      return { fields: {}, headers: { authorization: `Basic ${Buffer.from(pair, 'utf8').toString('base64')}` } };
    }
    case 'client_secret_jwt':
    case 'private_key_jwt': {
      const jwt = authentication === 'private_key_jwt' ? assertion : signedBy(id ?? '', secret ?? '', url);
      if (jwt === undefined) {
        throw invalid(
          'OAUTH_CLIENT_INVALID',
          'The client cannot say who it is',
          'private_key_jwt needs client.assertion.',
        );
      }
      return { fields: { ...named, client_assertion_type: CLIENT_ASSERTION, client_assertion: jwt }, headers: {} };
    }
  }
}

/** A JWT over the client's secret (RFC 7523), for this token endpoint and a minute. */
function signedBy(id: string, secret: string, url: URL): string {
  const now = Math.floor(Date.now() / 1_000);
  const claims = { iss: id, sub: id, aud: url.href, jti: randomUUID(), iat: now, exp: now + 60 };
  const part = (value: object): string => Buffer.from(JSON.stringify(value), 'utf8').toString('base64url');
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

function addressOf(text: string): URL {
  if (URL.canParse(text)) return new URL(text);
  throw invalid(
    'HTTP_ADDRESS_INVALID',
    'The authority is no address',
    'Write it with its scheme, such as https://id.example.com.',
  );
}

function failure(code: string, detail: string, status: number): StepFailure {
  return new StepFailure({
    type: 'authentication',
    status: status >= 400 && status < 600 ? status : 401,
    code,
    title: 'No access token could be had',
    detail: `${detail}. Check authority, client and grant.`,
    certain: true,
  });
}
