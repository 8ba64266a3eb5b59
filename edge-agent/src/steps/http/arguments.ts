/** The arguments of `call: http` and `call: openapi` as they are once expressions and names are resolved. */
import { z } from 'zod';
import { CallFiles, type Json } from '@casare/shared/workflow';

const text = z.string().max(100_000);
const scalar = z.union([text, z.number(), z.boolean(), z.null()]);
const anything = z.custom<Json>((value) => value !== undefined, 'a value is missing');
const credentials = z.strictObject({ username: text, password: text });
const token = z.strictObject({ token: text, type: text });
const texts = z.union([
  text.transform((list) => list.split(/\s+/).filter((one) => one !== '')),
  z.array(text).max(100),
]);

/** How a token is asked for: OAuth 2.0, RFC 6749, as the specification's table says. */
const oauth = z.strictObject({
  authority: text,
  endpoints: z
    .strictObject({ token: text.optional(), revocation: text.optional(), introspection: text.optional() })
    .optional(),
  grant: z.enum(
    ['client_credentials', 'password', 'refresh_token', 'urn:ietf:params:oauth:grant-type:token-exchange'],
    {
      error: 'expected client_credentials, password, refresh_token or token-exchange: nobody is there to give a code',
    },
  ),
  client: z
    .strictObject({
      id: text.optional(),
      secret: text.optional(),
      assertion: text.optional(),
      authentication: z
        .enum(['client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt', 'none'])
        .optional(),
    })
    .optional(),
  request: z
    .strictObject({ encoding: z.enum(['application/x-www-form-urlencoded', 'application/json']).optional() })
    .optional(),
  issuers: texts.optional(),
  scopes: texts.optional(),
  audiences: texts.optional(),
  username: text.optional(),
  password: text.optional(),
  refreshToken: text.optional(),
  subject: token.optional(),
  actor: token.optional(),
});
export type OAuth = z.output<typeof oauth>;

/** How to authenticate, with every name resolved. */
export const Authentication = z.union([
  z.strictObject({ basic: credentials }),
  z.strictObject({ bearer: z.strictObject({ token: text }) }),
  z.strictObject({ digest: credentials }),
  z.strictObject({ oauth2: oauth }),
  z.strictObject({ oidc: oauth }),
]);
export type Authentication = z.output<typeof Authentication>;

const Endpoint = z.union([
  text.min(1),
  z.strictObject({ uri: text.min(1), authentication: Authentication.optional() }),
]);
export type Endpoint = z.output<typeof Endpoint>;

const Output = z.enum(['raw', 'content', 'response']);
export type OutputFormat = z.output<typeof Output>;

export const HttpArguments = z.strictObject({
  method: z
    .string()
    .regex(/^[A-Za-z-]{1,20}$/, 'expected a method such as GET')
    .refine((method) => !['CONNECT', 'TRACE'].includes(method.toUpperCase()), 'CONNECT and TRACE are refused'),
  endpoint: Endpoint,
  headers: z.record(z.string().max(200), scalar).optional(),
  body: anything.optional(),
  query: z.record(z.string().max(1_000), z.union([scalar, z.array(scalar).max(1_000)])).optional(),
  output: Output.optional(),
  redirect: z.boolean().optional(),
  /** Of `metadata.rpa`. */
  files: CallFiles.optional(),
});
export type HttpArguments = z.output<typeof HttpArguments>;

export const OpenApiArguments = z.strictObject({
  document: z.strictObject({ name: text.optional(), endpoint: Endpoint }),
  operationId: z.string().min(1).max(1_000),
  parameters: z.record(z.string().max(1_000), anything).optional(),
  authentication: Authentication.optional(),
  output: Output.optional(),
  redirect: z.boolean().optional(),
  /** Of `metadata.rpa`. */
  files: CallFiles.pick({ saveAs: true }).optional(),
});
export type OpenApiArguments = z.output<typeof OpenApiArguments>;
