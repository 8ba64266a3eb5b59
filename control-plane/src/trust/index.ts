/** Trust: CAs, certificates, join tokens, and who is admitted to a tunnel. */
export { Admission, type AdmissionRefusal, type AdmittedPeer } from './admission.service.ts';
export { refusalOfState } from './admission.decision.ts';
export type { AgentLeaf, AgentLeaves } from './agent-leaves.ts';
export { INSTALLATION, type Authorities, type OpenCa } from './authorities.ts';
export { findOperator } from './lock.store.ts';
export type { GatewayIdentity } from './gateway-identity.ts';
export { gatewayHosts } from './gateway-hosts.ts';
export type { AgentStates, Locks } from './locks.service.ts';
export type { JoinTokens, VerifiedToken } from './join-tokens.service.ts';
export type { Presenter, Renewals } from './renewals.ts';
export type { Followed } from './renewals-after-expiry.ts';
export { loadRefusals, type Refusals } from './refusals.store.ts';
export { enrolNonceKey, openSigner, sealingKey, TRUST_DOMAIN } from './signer.ts';
export { TRUST_CHANNEL, type TrustView, type TrustViews } from './trust-view.ts';
export { takeBack, takenBack } from './change.ts';
export { findAgentCa, retireAgentCas } from './tenant-ca.store.ts';
export { distrustRestored } from './restore.store.ts';
export { createTrust, trustModule, type Trust, type TrustOptions } from './trust.module.ts';
