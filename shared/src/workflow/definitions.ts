/**
 * The parts that tasks and documents of the DSL are made of: expressions, data flow, timeouts, errors, retries,
 * endpoints and authentication. Nothing here fills in defaults: what a schema accepts is what was written.
 */
import { z } from 'zod';
import { Duration, isTemplate } from './duration.ts';

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
/** A place for any JSON value; documents are checked to be JSON before schemas see them. */
export const Json = z.custom<Json>((value) => value !== undefined, 'a value is missing');

/** The longest expression, characters. */
const EXPRESSION_LENGTH = 20_000;
/** A jq expression; where the DSL expects one, `${ }` around it is optional. */
export const Expression = z.string().min(1).max(EXPRESSION_LENGTH);
/** A text that may be or contain `${ ... }`. */
export const Text = z.string().max(EXPRESSION_LENGTH);
/** A name under `use`, or of a variable. */
export const Name = z.string().min(1).max(200);
export const VariableName = z
  .string()
  .max(100)
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected a variable name without `$`');

const reference = z.strictObject({ use: Name });
const values = z.record(z.string(), Json);

/** Grants that need nobody who signs in. */
const GRANTS = ['client_credentials', 'password', 'refresh_token', 'urn:ietf:params:oauth:grant-type:token-exchange'];
const texts = z.union([Text, z.array(Text).max(100)]);
const token = z.strictObject({ token: Text, type: Text });
/** How a token is asked for, as the specification's table says; `refreshToken` is what its grant of that name needs. */
const oauth = z.strictObject({
  authority: Text,
  endpoints: z
    .strictObject({ token: Text.optional(), revocation: Text.optional(), introspection: Text.optional() })
    .optional(),
  grant: Text.refine(
    (value) => isTemplate(value) || GRANTS.includes(value),
    'expected `client_credentials`, `password`, `refresh_token` or token exchange: nobody is there to sign in',
  ),
  client: z
    .strictObject({
      id: Text.optional(),
      secret: Text.optional(),
      assertion: Text.optional(),
      authentication: Text.optional(),
    })
    .optional(),
  request: z.strictObject({ encoding: Text.optional() }).optional(),
  issuers: texts.optional(),
  scopes: texts.optional(),
  audiences: texts.optional(),
  username: Text.optional(),
  password: Text.optional(),
  refreshToken: Text.optional(),
  subject: token.optional(),
  actor: token.optional(),
});

/** A URI, a URI template (`{name}`), or an expression; with how to authenticate there. */
export const Authentication = z.union([
  reference,
  z.strictObject({ basic: z.union([reference, z.strictObject({ username: Text, password: Text })]) }),
  z.strictObject({ bearer: z.union([reference, z.strictObject({ token: Text })]) }),
  z.strictObject({ digest: z.union([reference, z.strictObject({ username: Text, password: Text })]) }),
  z.strictObject({ oauth2: z.union([reference, oauth]) }),
  z.strictObject({ oidc: z.union([reference, oauth]) }),
]);
export type Authentication = z.infer<typeof Authentication>;

export const Endpoint = z.union([
  Text.min(1),
  z.strictObject({ uri: Text.min(1), authentication: Authentication.optional() }),
]);
export type Endpoint = z.infer<typeof Endpoint>;
export const ExternalResource = z.strictObject({ name: Name.optional(), endpoint: Endpoint });
export type ExternalResource = z.infer<typeof ExternalResource>;

/** A JSON Schema, inline. */
export const DataSchema = z.strictObject({
  format: z
    .string()
    .regex(/^json(:.*)?$/, 'only JSON Schema is supported: write `json`')
    .optional(),
  document: Json,
});
export type DataSchema = z.infer<typeof DataSchema>;

const transformation = z.union([Expression, values]);
export const Input = z.strictObject({ schema: DataSchema.optional(), from: transformation.optional() });
export type Input = z.infer<typeof Input>;
export const Output = z.strictObject({ schema: DataSchema.optional(), as: transformation.optional() });
export type Output = z.infer<typeof Output>;

export const Timeout = z.strictObject({ after: Duration });
export type Timeout = z.infer<typeof Timeout>;
/** Inline, or the name of one of `use.timeouts`. */
export const TimeoutOrName = z.union([Timeout, Name]);

/** An error as a document declares it (RFC 9457); `status` 100 to 599. */
export const ErrorDefinition = z.strictObject({
  type: Text.min(1),
  status: z.union([z.int().min(100).max(599), Expression]),
  title: Text.optional(),
  detail: Text.optional(),
  instance: Text.optional(),
});
export type ErrorDefinition = z.infer<typeof ErrorDefinition>;

/** What a caught error must equal, member by member. */
export const ErrorFilter = z.strictObject({
  type: Text.optional(),
  status: z.int().min(100).max(599).optional(),
  title: Text.optional(),
  detail: Text.optional(),
  instance: Text.optional(),
});
export type ErrorFilter = z.infer<typeof ErrorFilter>;

const empty = z.looseObject({});
/** How a `try` is repeated. Without `limit` the engine's own bound applies. */
export const RetryPolicy = z.strictObject({
  when: Expression.optional(),
  exceptWhen: Expression.optional(),
  delay: Duration.optional(),
  backoff: z
    .union([
      z.strictObject({ constant: empty }),
      z.strictObject({ exponential: empty }),
      z.strictObject({ linear: empty }),
    ])
    .optional(),
  limit: z
    .strictObject({
      attempt: z
        .strictObject({ count: z.int().min(0).max(1_000).optional(), duration: Duration.optional() })
        .optional(),
      duration: Duration.optional(),
    })
    .optional(),
  jitter: z.strictObject({ from: Duration, to: Duration }).optional(),
});
export type RetryPolicy = z.infer<typeof RetryPolicy>;
/** Inline, or the name of one of `use.retries`. */
export const RetryPolicyOrName = z.union([RetryPolicy, Name]);
