/**
 * Providers: who says for a tenant who somebody is, besides us, and by which of their groups people get which role. Owners
 * configure them. No matching group: no access.
 */
import { z } from 'zod';
import { Me } from './auth.ts';
import { endpoint } from './endpoint.ts';
import { FILTERS, IdParams, paged, time } from './page.ts';
import { Role } from './permissions.ts';

/** Of several groups of a person, the highest role wins. */
const RoleRule = z.strictObject({ group: z.string().min(1).max(200), role: Role });
const roles = z.array(RoleRule).min(1).max(200);
const name = z.string().trim().min(1).max(100);
const url = z.url({ protocol: /^https?$/ }).max(1_000);
/** Where the groups stand in what the provider says: a claim, or a path such as `app_metadata.role`. */
const groupsClaim = z
  .string()
  .max(200)
  .regex(/^[\w:/-]+(\.[\w:/-]+){0,4}$/, 'is no claim such as groups or app_metadata.role')
  // Supabase lets people write there themselves.
  .refine((path) => !path.startsWith('user_metadata'), 'must not be what people can set themselves');
const clientSecret = z.string().min(1).max(1_000);

const settings = {
  name,
  groupsClaim: groupsClaim.default('groups'),
  roles,
  /** Who signs in with the verified address of an account of this tenant gets that account. */
  linkByEmail: z.boolean().default(false),
  /** Its addresses are taken for verified, although it does not say so. */
  trustEmail: z.boolean().default(false),
};

export const ProviderRequest = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('oidc'),
    ...settings,
    issuer: url,
    clientId: z.string().min(1).max(500),
    clientSecret,
    scopes: z.string().max(500).default('openid email profile'),
  }),
  // Its tokens (JWT) are shown instead of an API key, such as those of Supabase Auth.
  z.strictObject({
    kind: z.literal('jwt'),
    ...settings,
    groupsClaim: groupsClaim.default('app_metadata.role'),
    issuer: url,
    audience: z.string().min(1).max(500),
    /** Its public keys (JWKS); absent: below the issuer, `/.well-known/jwks.json`. */
    keysUrl: url.optional(),
  }),
]);
export type ProviderRequest = z.output<typeof ProviderRequest>;

/** What is left out stays. */
export const ProviderChange = z
  .strictObject({ name, groupsClaim, roles, linkByEmail: z.boolean(), trustEmail: z.boolean(), clientSecret })
  .partial();
export type ProviderChange = z.output<typeof ProviderChange>;

/** The client's secret is never shown again. */
export const Provider = z
  .object({
    id: z.uuid(),
    kind: z.enum(['oidc', 'jwt']),
    name: z.string(),
    issuer: z.string(),
    /** Of a provider of tokens: their audience. */
    clientId: z.string(),
    keysUrl: z.string().nullable(),
    scopes: z.string(),
    groupsClaim: z.string(),
    roles: z.array(RoleRule),
    linkByEmail: z.boolean(),
    trustEmail: z.boolean(),
    createdAt: time,
    changedAt: time,
  })
  .meta({ id: 'Provider' });
export type Provider = z.infer<typeof Provider>;

const OUTBOUND = ['PROVIDER_UNUSABLE', 'OUTBOUND_REFUSED', 'OUTBOUND_FAILED', 'OUTBOUND_TIMEOUT'] as const;

export const providers = {
  list: endpoint({
    id: 'providers.list',
    method: 'GET',
    path: '/identity-providers',
    summary: 'Lists the providers that people of the tenant may sign in with.',
    permission: 'accounts:read',
    ...paged(Provider, { sort: ['name', '-name', '-createdAt', 'createdAt'], filters: { q: FILTERS.q } }),
  }),
  get: endpoint({
    id: 'providers.get',
    method: 'GET',
    path: '/identity-providers/{id}',
    summary: 'Shows a provider.',
    permission: 'accounts:read',
    params: IdParams,
    answer: { json: Provider },
    problems: ['PROVIDER_NOT_FOUND'],
  }),
  create: endpoint({
    id: 'providers.create',
    method: 'POST',
    path: '/identity-providers',
    status: 201,
    summary: 'Adds a provider, after reading what it says about itself.',
    permission: 'providers:write',
    body: ProviderRequest,
    answer: { json: Provider },
    problems: ['PROVIDERS_FULL', 'PROVIDER_EXISTS', ...OUTBOUND],
  }),
  change: endpoint({
    id: 'providers.change',
    ifMatch: 'providers.get',
    method: 'POST',
    path: '/identity-providers/{id}',
    summary: 'Changes how a provider is used; roles count with the next sign-in.',
    permission: 'providers:write',
    params: IdParams,
    body: ProviderChange,
    answer: { json: Provider },
    problems: ['PROVIDER_NOT_FOUND', 'PROVIDER_WITHOUT_SECRET'],
  }),
  remove: endpoint({
    id: 'providers.remove',
    ifMatch: 'providers.get',
    method: 'DELETE',
    path: '/identity-providers/{id}',
    summary: 'Removes a provider, and ends the sessions that it opened. Accounts stay.',
    permission: 'providers:write',
    params: IdParams,
    answer: 'nothing',
    problems: ['PROVIDER_NOT_FOUND'],
  }),
} as const;

export const signOn = {
  providers: endpoint({
    id: 'signOn.providers',
    method: 'GET',
    path: '/auth/providers',
    summary: 'The providers of a tenant, for the sign-in page. Without a tenant: those of the operator.',
    permission: 'public',
    query: z.object({ tenant: z.string().max(100).optional() }),
    answer: { json: z.object({ items: z.array(z.object({ id: z.uuid(), name: z.string() })) }) },
  }),
  begin: endpoint({
    id: 'signOn.begin',
    method: 'POST',
    path: '/auth/oidc/begin',
    summary: 'Begins to sign in with a provider: where the browser is to go. Sets a cookie that the end needs.',
    permission: 'public',
    body: z.strictObject({ provider: z.uuid() }),
    answer: { json: z.object({ url: z.string() }) },
    problems: ['PROVIDER_NOT_FOUND', ...OUTBOUND],
  }),
  complete: endpoint({
    id: 'signOn.complete',
    method: 'POST',
    path: '/auth/oidc/complete',
    summary: 'Signs in by what the provider sent the browser back with; sets the session cookie.',
    permission: 'public',
    /** Of the address that the browser came back to, what stands behind `?`. */
    body: z.strictObject({ query: z.string().min(1).max(8_000) }),
    answer: { json: Me },
    problems: [
      'SIGN_ON_UNKNOWN',
      'SIGN_ON_FAILED',
      'SIGN_ON_NO_ROLE',
      'SIGN_ON_EMAIL_UNVERIFIED',
      'SIGN_ON_EMAIL_TAKEN',
      'SIGN_ON_DISABLED',
      'ACCOUNTS_FULL',
    ],
  }),
  leave: endpoint({
    id: 'signOn.leave',
    method: 'POST',
    path: '/auth/oidc/logout',
    summary: 'Ends the session, and says where the browser may go to end that of its provider too; null: nowhere.',
    permission: 'signedIn',
    answer: { json: z.object({ url: z.string().nullable() }) },
  }),
} as const;
