/**
 * May an assignment run here, whatever the control plane says? Asked when it arrives, and again when a run is taken up by a
 * new worker under a policy that may have changed meanwhile. A refusal ends the job and says why.
 */
import { readVerifyKey, type SignatureCode, type VerifyKey, verifyWorkflow } from '@casare/certs';
import type { JobAssign } from '@casare/shared/protocol';
import { analyse, subWorkflowsOf, Workflow } from '@casare/shared/workflow';
import { describe } from '../fault.ts';
import { documentRefusal, type PolicyRefusal, rulesFor } from './assignment.decision.ts';
import { reachedBy } from './destination.ts';
import { judgeName } from './host-rules.ts';
import { inputFault } from './input-rules.ts';
import type { Policy } from './policy-file.ts';
import { hostRulesOf } from './step-policy.ts';

/** The part of an assignment that is judged. */
export type Judged = Pick<JobAssign, 'workflow' | 'input'>;

/** Why the policy refuses it, or null. Never throws: what cannot be judged is refused. */
export function judge(policy: Policy, assignment: Judged): PolicyRefusal | null {
  if (Object.keys(policy).length === 0) return null;
  try {
    const { workflow, input } = assignment;
    const document = Workflow.parse(workflow.document);
    return (
      documentRefusal(policy, workflow, document) ??
      subWorkflowRefusal(policy, document) ??
      signatureRefusal(policy, assignment) ??
      domainRefusal(policy, document) ??
      inputRefusal(policy, document, input)
    );
  } catch (error) {
    return {
      code: 'POLICY_DOCUMENT_UNREADABLE',
      reason: `The agent's policy cannot judge the document: ${describe(error)}`,
    };
  }
}

const CODES: Readonly<Record<SignatureCode, string>> = {
  SIGNATURE_MALFORMED: 'POLICY_SIGNATURE_INVALID',
  SIGNATURE_UNKNOWN_KEY: 'POLICY_SIGNATURE_UNKNOWN',
  SIGNATURE_KEY_REVOKED: 'POLICY_SIGNATURE_REVOKED',
  SIGNATURE_OTHER_WORKFLOW: 'POLICY_SIGNATURE_OTHER',
  SIGNATURE_OTHER_CONTENT: 'POLICY_SIGNATURE_CHANGED',
};

/** What a document runs is judged like itself. */
function subWorkflowRefusal(policy: Policy, document: Workflow): PolicyRefusal | null {
  for (const [reference, held] of Object.entries(subWorkflowsOf(document))) {
    const [, namespace = '', name = '', version = ''] = /^([^/@]+)\/([^/@]+)@(.+)$/.exec(reference) ?? [];
    const refused = documentRefusal(policy, { namespace, name, version }, Workflow.parse(held));
    if (refused !== null) return refused;
  }
  return null;
}

function signatureRefusal(policy: Policy, { workflow }: Judged): PolicyRefusal | null {
  if (policy.signed !== 'required') return null;
  if (workflow.signature === undefined) {
    const fix = 'sign it with `casare workflow sign` and push it with `--signature`.';
    return {
      code: 'POLICY_SIGNATURE_MISSING',
      reason: `The agent's policy runs signed workflows only, and this one is not: ${fix}`,
    };
  }
  const { trusted, revoked } = pinnedKeys(policy);
  // As it was sent, so that parsing cannot change what is judged.
  const sent = workflow.document as unknown as Workflow;
  const verdict = verifyWorkflow(workflow.signature, sent, { trusted, revoked });
  if (verdict.ok) return null;
  return {
    code: CODES[verdict.code],
    reason: `The agent's policy does not take the signature of the workflow: ${verdict.message}.`,
  };
}

/** By whose key the policy knows that a workflow was signed; null when it asks for none, or none holds. */
export function signedBy(policy: Policy, workflow: Judged['workflow']): string | null {
  if (policy.signed !== 'required' || workflow.signature === undefined) return null;
  const verdict = verifyWorkflow(workflow.signature, workflow.document as unknown as Workflow, pinnedKeys(policy));
  if (!verdict.ok) return null;
  const pinned = policy.keys?.find(({ publicKey }) => {
    const key = readVerifyKey(publicKey);
    return key.ok && key.value.fingerprint === verdict.value;
  });
  return pinned === undefined ? verdict.value : `${pinned.id} (${pinned.who})`;
}

/** Keys that sign, and those that the policy has revoked by id or fingerprint. */
function pinnedKeys({ keys = [], revokedKeys = [] }: Policy): { trusted: VerifyKey[]; revoked: VerifyKey[] } {
  const split: { trusted: VerifyKey[]; revoked: VerifyKey[] } = { trusted: [], revoked: [] };
  for (const { id, publicKey } of keys) {
    const read = readVerifyKey(publicKey);
    if (!read.ok) continue;
    const isRevoked = revokedKeys.includes(id) || revokedKeys.includes(read.value.fingerprint);
    (isRevoked ? split.revoked : split.trusted).push(read.value);
  }
  // One key may be pinned under two ids: revoked by one of them it is revoked.
  const gone = new Set(split.revoked.map(({ fingerprint }) => fingerprint));
  return { ...split, trusted: split.trusted.filter(({ fingerprint }) => !gone.has(fingerprint)) };
}

/** Hosts that the document names. With an address that depends on data the executors look when it is known. */
function domainRefusal(policy: Policy, document: Workflow): PolicyRefusal | null {
  if (policy.domains === undefined) return null;
  const rules = hostRulesOf(policy);
  for (const host of analyse(document).domains) {
    const verdicts = ['https', 'http'].map((scheme) => {
      const reached = reachedBy(`${scheme}://${host}/`);
      return reached.kind === 'host' && judgeName(rules, reached.to) === null;
    });
    if (verdicts.includes(true)) continue;
    const reason = `The agent's policy does not let steps reach ${host.slice(0, 300)}, which the document names.`;
    return { code: 'POLICY_DOMAIN_REFUSED', reason };
  }
  return null;
}

function inputRefusal(policy: Policy, document: Workflow, input: unknown): PolicyRefusal | null {
  const { namespace, name } = document.document;
  for (const schema of rulesFor(policy.inputs, `${namespace}/${name}`)) {
    const fault = inputFault(schema, input);
    if (fault === null) continue;
    return {
      code: 'POLICY_INPUT_REFUSED',
      reason: `The agent's policy limits the input of this workflow: ${fault.slice(0, 1_000)}.`,
    };
  }
  return null;
}
