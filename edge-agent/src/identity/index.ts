/** Who this agent is, and where its files are. */
export { type HeldBundle, heldBundle, takeBundle } from './bundle.ts';
export { faultOfIssued, isAskedFor, nextKey, type NextKey, takeNext } from './credential.ts';
export { enrol, type Enrolled, type EnrolOptions } from './enrol.ts';
export { agentHome, type AgentHome, makeHome, permissionProblems, verifyPermissions, writeWhole } from './home.ts';
export {
  certificateTimes,
  type Identity,
  isEnrolled,
  readIdentity,
  readServerRoots,
  serverTimeOf,
  tunnelTls,
} from './identity.ts';
export { type LateRenewed, renewLate } from './renew-late.ts';
