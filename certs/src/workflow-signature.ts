/**
 * Signatures of workflows. What is signed is an in-toto statement (v1) that names documents by digest: first the workflow
 * as it is saved, which holds those of its sub-workflows (ADR 0024), then each of these by itself, so that people can read
 * what a signature covers. It fits one version of one workflow with all that it runs; any difference breaks it.
 *
 * Statement: `{_type, subject: [{name: "namespace/name@version", digest: {sha256}}…], predicateType, predicate: {}}`.
 */
import { createHash } from 'node:crypto';
import type { SignatureEnvelope } from '@casare/shared/protocol';
import { subWorkflowsOf, type Workflow } from '@casare/shared/workflow';
import { z } from 'zod';
import { seal, signersOf, type SigningKey, type VerifyKey } from './dsse.ts';
import { accept, refuse, type Result } from './result.ts';

const PAYLOAD_TYPE = 'application/vnd.in-toto+json';
const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
const PREDICATE_TYPE = 'urn:casare:workflow-signature:v1';
/** Documents that one signature covers. */
const SUBJECTS = 200;

const Statement = z.object({
  _type: z.literal(STATEMENT_TYPE),
  subject: z
    .array(z.object({ name: z.string().max(300), digest: z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/) }) }))
    .min(1)
    .max(SUBJECTS),
  predicateType: z.literal(PREDICATE_TYPE),
});

/** A document that a signature covers. */
export interface SignedSubject {
  /** `namespace/name@version`. */
  readonly name: string;
  readonly sha256: string;
}

/**
 * SHA-256 (hex) of the normalised document's JSON with sorted keys: of its content, so that comments, layout, key order and
 * short forms make no difference. Agents compute it of what they were sent.
 */
export function workflowDigest(document: Workflow): string {
  return createHash('sha256').update(JSON.stringify(document, sortKeys)).digest('hex');
}

/** What a signature says of a document. */
function subjectOf(document: Workflow): SignedSubject {
  const { namespace, name, version } = document.document;
  return { name: `${namespace}/${name}@${version}`, sha256: workflowDigest(document) };
}

/** Signs a document as it is saved: normalised, with its sub-workflows in it. */
export function signWorkflow(document: Workflow, key: SigningKey): SignatureEnvelope {
  const subject = [document, ...Object.values(subWorkflowsOf(document))]
    .map(subjectOf)
    .map(({ name, sha256 }) => ({ name, digest: { sha256 } }));
  const statement = { _type: STATEMENT_TYPE, subject, predicateType: PREDICATE_TYPE, predicate: {} };
  return seal(PAYLOAD_TYPE, Buffer.from(JSON.stringify(statement)), key);
}

/** What an envelope claims to cover, whoever signed it. */
export function subjectsOf(envelope: SignatureEnvelope): Result<readonly SignedSubject[], 'SIGNATURE_MALFORMED'> {
  const statement = envelope.payloadType === PAYLOAD_TYPE ? Statement.safeParse(jsonOf(envelope.payload)) : null;
  if (statement?.success !== true) return refuse('SIGNATURE_MALFORMED', 'it is no signature of a workflow');
  return accept(statement.data.subject.map(({ name, digest }) => ({ name, sha256: digest.sha256 })));
}

export type SignatureCode =
  | 'SIGNATURE_MALFORMED'
  | 'SIGNATURE_UNKNOWN_KEY'
  | 'SIGNATURE_KEY_REVOKED'
  | 'SIGNATURE_OTHER_WORKFLOW'
  | 'SIGNATURE_OTHER_CONTENT';

/** Who may sign: `revoked` are keys whose signatures count no more. */
export interface Signers {
  readonly trusted: readonly VerifyKey[];
  readonly revoked: readonly VerifyKey[];
}

/**
 * Judges the signature of a document as it is saved; the fingerprint of a trusted key that signed. The bytes of the payload
 * are read after a signature over them was found good.
 */
export function verifyWorkflow(
  envelope: SignatureEnvelope,
  document: Workflow,
  signers: Signers,
): Result<string, SignatureCode> {
  const [signer] = signersOf(envelope, signers.trusted);
  if (signer === undefined) {
    const [revoked] = signersOf(envelope, signers.revoked);
    if (revoked !== undefined) return refuse('SIGNATURE_KEY_REVOKED', `it was signed by ${revoked}, which is revoked`);
    return refuse('SIGNATURE_UNKNOWN_KEY', 'it was signed by none of the trusted keys, or changed after it was signed');
  }
  const covered = subjectsOf(envelope);
  if (!covered.ok) return covered;
  const fits = fitsWorkflow(covered.value, document);
  return fits.ok ? accept(signer) : fits;
}

/** Is this what was signed? */
export function fitsWorkflow(
  [signed]: readonly SignedSubject[],
  document: Workflow,
): Result<true, 'SIGNATURE_OTHER_WORKFLOW' | 'SIGNATURE_OTHER_CONTENT'> {
  const own = subjectOf(document);
  if (signed?.name !== own.name) {
    return refuse('SIGNATURE_OTHER_WORKFLOW', `the signature is of ${signed?.name ?? 'nothing'}, not of ${own.name}`);
  }
  if (signed.sha256 === own.sha256) return accept(true);
  return refuse('SIGNATURE_OTHER_CONTENT', `${own.name}, or a workflow that it runs, is not what was signed`);
}

function jsonOf(base64: string): unknown {
  try {
    return JSON.parse(Buffer.from(base64, 'base64').toString('utf8'));
  } catch {
    return null;
  }
}

function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
