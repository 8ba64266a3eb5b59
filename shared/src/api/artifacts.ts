/** Artifacts: files of runs, and links to them that are good for minutes. */
import { z } from 'zod';
import { ArtifactKind } from '../protocol/messages.ts';
import { endpoint } from './endpoint.ts';
import { IdParams, time } from './page.ts';

export const Artifact = z
  .object({
    id: z.uuid(),
    jobId: z.uuid(),
    attempt: z.int(),
    name: z.string(),
    kind: ArtifactKind,
    mediaType: z.string(),
    bytes: z.int(),
    sha256: z.string(),
    position: z.string().nullable(),
    createdAt: time,
  })
  .meta({ id: 'Artifact' });
export type Artifact = z.infer<typeof Artifact>;

/** What is good for minutes, without an account. */
export const ArtifactLinkRequest = z.strictObject({
  /** 10 seconds to an hour; 5 minutes unless said otherwise. */
  ttlSeconds: z.int().min(10).max(3_600).default(300),
});

export const ArtifactLink = z
  .object({
    /** Whoever has it may fetch the file until it expires: it is handed on like the file itself. */
    url: z.string(),
    expiresAt: time,
  })
  .meta({ id: 'ArtifactLink' });
export type ArtifactLink = z.infer<typeof ArtifactLink>;

const bytesGone = [
  ...['ARTIFACT_NOT_FOUND', 'ARTIFACT_FILE_MISSING', 'ARTIFACT_FILE_DAMAGED', 'ARTIFACT_STORE_UNREACHABLE'],
  ...['RANGE_NOT_SATISFIABLE', 'PRECONDITION_FAILED'],
];

export const artifacts = {
  get: endpoint({
    id: 'artifacts.get',
    method: 'GET',
    path: '/artifacts/{id}',
    summary: 'Sends the bytes of an artifact, or one range of them. Its ETag is its SHA-256.',
    permission: 'jobs:read',
    params: IdParams,
    /** `1`: the answer may be a redirect to a bucket, where the operator allows that. */
    query: z.object({ redirect: z.enum(['0', '1']).optional() }),
    answer: 'bytes',
    redirects: true,
    problems: bytesGone,
  }),
  link: endpoint({
    id: 'artifacts.link',
    method: 'POST',
    path: '/artifacts/{id}/link',
    summary: 'Makes a link to an artifact that is good for minutes and needs no account.',
    permission: 'jobs:read',
    params: IdParams,
    body: ArtifactLinkRequest,
    answer: { json: ArtifactLink },
    status: 201,
    problems: ['ARTIFACT_NOT_FOUND', 'TENANT_SUSPENDED'],
  }),
  linked: endpoint({
    id: 'artifacts.linked',
    method: 'GET',
    path: '/artifacts/{id}/linked',
    summary: 'Sends the bytes of an artifact to whoever has a link to it.',
    permission: 'public',
    params: IdParams,
    query: z.object({ token: z.string().max(300).optional() }),
    answer: 'bytes',
    redirects: true,
    problems: ['ARTIFACT_LINK_INVALID', ...bytesGone],
  }),
} as const;
