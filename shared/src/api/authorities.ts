/**
 * CAs below a root whose key is at a safe: asked for here, signed there, imported here. They belong to the installation.
 * Changes take `ifRev` and `dryRun` as all changes of trust do; see `trust.ts`.
 */
import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { IdParams, paged, time } from './page.ts';
import { Authority } from './trust.ts';

const change = { ifRev: z.int().min(0).optional(), dryRun: z.boolean().default(false) };

/** A key that waits for an offline root's signature. */
export const AuthorityRequest = z
  .object({
    id: z.uuid(),
    kind: z.enum(['server_ca', 'agent_ca']),
    tenant: z.string().nullable(),
    csrPem: z.string(),
    createdAt: time,
  })
  .meta({ id: 'AuthorityRequest' });
export type AuthorityRequest = z.infer<typeof AuthorityRequest>;

export const authorities = {
  request: endpoint({
    id: 'authorities.request',
    method: 'POST',
    path: '/trust/authority-requests',
    summary: 'Makes the key of a new CA and the request that an offline root signs.',
    permission: 'trust:write',
    body: z.strictObject({
      kind: z.enum(['server_ca', 'agent_ca']),
      /** Whose agents; the caller's own tenant unless said otherwise. */
      tenant: z.string().max(63).optional(),
      ...change,
    }),
    answer: { json: AuthorityRequest },
    status: 201,
    problems: ['SIGNER_DOWN', 'OPERATOR_ONLY', 'TENANT_NOT_FOUND', 'AUTHORITY_REQUESTS_FULL', 'TRUST_CHANGED'],
  }),
  list: endpoint({
    id: 'authorities.list',
    method: 'GET',
    path: '/trust/authority-requests',
    summary: "Lists the requests that wait for an offline root's signature, newest first.",
    permission: 'trust:read',
    ...paged(AuthorityRequest, { sort: ['-createdAt', 'createdAt'], filters: {} }),
    problems: ['OPERATOR_ONLY'],
  }),
  import: endpoint({
    id: 'authorities.import',
    method: 'POST',
    path: '/trust/authority-requests/{id}/import',
    summary: 'Takes the certificate that an offline root signed; the CA stands by for a rotation.',
    permission: 'trust:write',
    params: IdParams,
    body: z.strictObject({ certificatePem: z.string().max(20_000), ...change }),
    answer: { json: Authority },
    problems: ['AUTHORITY_REQUEST_NOT_FOUND', 'AUTHORITY_CERTIFICATE_REFUSED', 'OPERATOR_ONLY', 'TRUST_CHANGED'],
  }),
} as const;
