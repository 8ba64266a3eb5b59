/**
 * Front door of the PKI: issuing (signer and templates), judging what peers send (identity, request, proof, join
 * token, pin) and the TLS settings. Path validation is OpenSSL's, in the handshake; nothing here replaces it.
 */
export { Checkpoint, fingerprintOf, verifyCheckpoint } from './audit-checkpoint.ts';
export { type ChainEntry, type ChainHead, type LinkedEntry, CHAIN_START, chainHash, follow } from './audit-chain.ts';
export { directAnchors } from './anchors.ts';
export { type CheckedAuthority, checkAuthority, checkRoot } from './authority-check.ts';
export { bundleDigest } from './bundle.ts';
export { BACKDATE_MS } from './certificate.ts';
export { type CertificateContents, type SubjectName, readCertificate } from './contents.ts';
export { type CaProfile, caProfile } from './ca-profile.ts';
export { isSelfSigned, presentedChain } from './cross.ts';
export {
  type RootFiles,
  type SignAuthorityOptions,
  createOfflineRoot,
  exportRootKey,
  signAuthority,
  verifyRootFiles,
} from './ceremony.ts';
export { type SigningKey, type VerifyKey, readSigningKey, readVerifyKey } from './dsse.ts';
export { signEnrolProof, signRenewProof, verifyEnrolProof, verifyRenewProof } from './enrol-proof.ts';
export { type IdentityCode, type PeerIdentity, readIdentity } from './identity.ts';
export { type CertificateSummary, inspectPem } from './inspect.ts';
export {
  type JoinCredential,
  type JoinToken,
  createJoinToken,
  hashJoinToken,
  joinCredentialText,
  joinTokenText,
  parseJoinCredential,
  parseJoinToken,
  verifyJoinToken,
} from './join-token.ts';
export { type KeyPair, generateKey, keyIdOf } from './keys.ts';
export { type LocalSignerOptions, createLocalSigner } from './local-signer.ts';
export { type MasterKeyCode, openMasterKey } from './master-key.ts';
export { type AgentName, AgentId, GatewayHost, TenantName, TrustDomain, agentUri, parseAgentUri } from './names.ts';
export { certificatesInPem, requestInPem, toPem } from './pem.ts';
export { findPinned, matchesPin, peerChain, pinOf } from './pin.ts';
export { type RateLimit, createRateLimit } from './rate-limit.ts';
export { type NewRequest, type RequestCode, type VerifiedRequest, createRequest, readRequest } from './request.ts';
export { type Refusal, type Result } from './result.ts';
export { makeRootDirectory, readRootFiles, writeRootFiles } from './root-directory.ts';
export { MASTER_KEY_BYTES, openKey, sealKey } from './sealed-key.ts';
export { type SignerChild, type SignerChildOptions, startSignerChild } from './signer-process/child.ts';
export { type SignerClient, type SignerState, createSignerClient } from './signer-process/client.ts';
export { dialSigner } from './signer-process/dial.ts';
export { SIGNATURES } from './signer-process/rate.ts';
export { runSigner } from './signer-process/run.ts';
export type {
  AddIssuer,
  CreateRoot,
  CrossSignRoot,
  DeriveKey,
  KeyedRequest,
  RemoveIssuer,
  RequestAuthority,
  SignAgentCa,
  SignAgentLeaf,
  SignGatewayLeaf,
  SignServerCa,
  SignedCa,
  SignedCertificate,
  Signer,
  SignerCode,
} from './signer.ts';
export {
  type ServerIdentity,
  type TunnelClientIdentity,
  ENROL_ALPN,
  TUNNEL_ALPN,
  chainProbeOptions,
  enrolClientOptions,
  enrolServerOptions,
  tunnelClientOptions,
  tunnelServerOptions,
} from './tls.ts';
export {
  type SignatureCode,
  type SignedSubject,
  fitsWorkflow,
  signWorkflow,
  subjectsOf,
  verifyWorkflow,
  workflowDigest,
} from './workflow-signature.ts';
