/** Workflows: versioned documents. */
import { z } from 'zod';
import { Capability, SlotKind } from '../protocol/messages.ts';
import { SignatureEnvelope } from '../protocol/signature.ts';
import { endpoint } from './endpoint.ts';
import { Json } from './json.ts';
import { FILTERS, IdParams, paged, time } from './page.ts';
import { ProblemDetail } from './problem.ts';

/** What a workflow needs of an agent, derived from its steps. */
export const Requirements = z
  .object({ slot: SlotKind, capabilities: z.array(Capability), site: z.string().nullable() })
  .meta({ id: 'Requirements' });
export type Requirements = z.infer<typeof Requirements>;

export const WorkflowVersion = z
  .object({
    /** Id of this version; `POST /jobs` accepts it. */
    id: z.uuid(),
    namespace: z.string(),
    name: z.string(),
    version: z.string(),
    digest: z.string(),
    requirements: Requirements,
    secrets: z.array(z.string()),
    warnings: z.array(ProblemDetail),
    /** Somebody vouches for it; agents decide whose word counts. */
    signed: z.boolean(),
    createdAt: time,
  })
  .meta({ id: 'WorkflowVersion' });
export type WorkflowVersion = z.infer<typeof WorkflowVersion>;

/** A workflow as text (YAML or JSON) or as a JSON object. */
export const WorkflowDocumentBody = z.union([z.string().max(1_048_576), z.record(z.string(), Json)]);
const YAML = ['application/yaml', 'application/x-yaml', 'text/yaml', 'text/plain'] as const;

export const workflows = {
  push: endpoint({
    id: 'workflows.push',
    method: 'POST',
    path: '/workflows',
    status: 201,
    permission: 'workflows:write',
    summary: 'Saves a version. Saving the same document again answers with the version that is there.',
    body: WorkflowDocumentBody,
    textBodies: YAML,
    answer: { json: WorkflowVersion },
    problems: ['WORKFLOW_INVALID', 'WORKFLOW_VERSION_EXISTS'],
  }),
  validate: endpoint({
    id: 'workflows.validate',
    method: 'POST',
    path: '/workflows/validate',
    permission: 'workflows:read',
    summary: 'Checks a document without saving it.',
    body: WorkflowDocumentBody,
    textBodies: YAML,
    answer: {
      json: z
        .object({ valid: z.boolean(), problems: z.array(ProblemDetail), warnings: z.array(ProblemDetail) })
        .meta({ id: 'Validation' }),
    },
  }),
  list: endpoint({
    id: 'workflows.list',
    method: 'GET',
    path: '/workflows',
    summary: 'Lists workflows, each with its newest version.',
    permission: 'workflows:read',
    ...paged(WorkflowVersion, { sort: ['-createdAt', 'createdAt'], filters: { q: FILTERS.q } }),
  }),
  get: endpoint({
    id: 'workflows.get',
    method: 'GET',
    path: '/workflows/{id}',
    summary: 'Shows one version with its document.',
    permission: 'workflows:read',
    params: IdParams,
    answer: {
      json: WorkflowVersion.extend({
        source: z.string(),
        document: Json,
        signature: SignatureEnvelope.nullable(),
      }).meta({ id: 'WorkflowVersionDetail' }),
    },
    problems: ['WORKFLOW_NOT_FOUND'],
  }),
  sign: endpoint({
    id: 'workflows.sign',
    method: 'POST',
    path: '/workflows/{id}/signature',
    permission: 'workflows:write',
    summary: 'Keeps the signature of a version, in place of an earlier one. Agents judge it by keys of their own.',
    params: IdParams,
    body: SignatureEnvelope,
    answer: { json: WorkflowVersion },
    problems: ['WORKFLOW_NOT_FOUND', 'SIGNATURE_MALFORMED', 'SIGNATURE_OTHER_WORKFLOW', 'SIGNATURE_OTHER_CONTENT'],
  }),
  versions: endpoint({
    id: 'workflows.versions',
    method: 'GET',
    path: '/workflows/{id}/versions',
    permission: 'workflows:read',
    summary: 'Lists all versions of the workflow that this version belongs to.',
    params: IdParams,
    ...paged(WorkflowVersion, { sort: ['-createdAt', 'createdAt'], filters: {} }),
    problems: ['WORKFLOW_NOT_FOUND'],
  }),
} as const;
