/** The agent's own policy: what jobs may do and reach, whatever the control plane says. */
export type { PolicyRefusal } from './assignment.decision.ts';
export { type PolicyChange, PolicyGate } from './gate.ts';
export { judge, signedBy } from './judge.ts';
export { matchesPattern as matchesWorkflow, stepName } from './patterns.decision.ts';
export { Policy, workerPart } from './policy-file.ts';
export { POLICY_NAME, type PolicyInForce, parsePolicy, policyPlace, readPolicy, systemPolicy } from './read-policy.ts';
export { governed, stepPolicyOf, unrestricted } from './step-policy.ts';
export { declaredOutputs, type Leaving, leavingOf } from './upload.decision.ts';
export { withhold } from './withhold.ts';
