/** Who this agent is, and where its files are. */
export { type HeldBundle, heldBundle, takeBundle } from './bundle.ts';
export { faultOfIssued, isAskedFor, nextKey, type NextKey, takeNext } from './credential.ts';
export { enrol, type Enrolled, type EnrolOptions } from './enrol.ts';
export {
  agentHome,
  type AgentHome,
  keyFiles,
  makeHome,
  permissionProblems,
  verifyPermissions,
  isPartOf,
  type Owner,
  writeWhole,
} from './home.ts';
export {
  certificateTimes,
  type Identity,
  isEnrolled,
  readIdentity,
  readServerRoots,
  serverTimeOf,
  tunnelTls,
} from './identity.ts';
export { keyStorage, protectKeyFiles, readKeyFile, writeKeyFile } from './key-file.ts';
export { type LateRenewed, renewLate } from './renew-late.ts';
