/**
 * Who a peer is, from its leaf certificate alone. Run this on the certificate of a connection OpenSSL has already
 * verified: it reads, it does not verify the path. Admission then compares the tenant with that of the CA the issuer
 * key id names, and looks the serial up.
 *
 * The grammar has one form, so nothing has to be interpreted: one name, a URI, clientAuth alone, not a CA.
 */
import { id_kp_clientAuth } from '@peculiar/asn1-x509';
import { readCertificate, type CertificateContents } from './contents.ts';
import { parseAgentUri, type AgentName } from './names.ts';
import { accept, refuse, type Result } from './result.ts';

/** A peer's identity. */
export interface PeerIdentity extends AgentName {
  /** Lower-case hex. */
  serial: string;
  notBefore: Date;
  notAfter: Date;
  /** Key identifier of the CA that signed the certificate, hex. */
  issuerKeyId: string;
}

export type IdentityCode =
  | 'CERTIFICATE_MALFORMED'
  | 'PEER_IS_CA'
  | 'PEER_KEY_USAGE'
  | 'PEER_PURPOSE'
  | 'PEER_NAMES'
  | 'PEER_NAME_TYPE'
  | 'PEER_URI'
  | 'PEER_TRUST_DOMAIN'
  | 'PEER_ISSUER_UNKNOWN';

/** Reads the identity of a peer of `trustDomain` from its leaf certificate, DER. Never throws for bad input. */
export function readIdentity(der: Uint8Array, trustDomain: string): Result<PeerIdentity, IdentityCode> {
  const contents = readCertificate(der);
  if (!contents.ok) return contents;
  const fault = profileFault(contents.value);
  if (fault !== null) return fault;
  const { names, serial, notBefore, notAfter, issuerKeyId } = contents.value;
  const [only] = names;
  if (names.length !== 1 || only === undefined) return refuse('PEER_NAMES', `${names.length} names, there must be one`);
  if (only.type !== 'uri') return refuse('PEER_NAME_TYPE', `the name is of type ${only.type}, it must be a URI`);
  const agent = parseAgentUri(only.value);
  if (agent === null) return refuse('PEER_URI', 'the URI is not spiffe://t-<tenant>.<trust domain>/agent/<uuid>');
  if (agent.trustDomain !== trustDomain) return refuse('PEER_TRUST_DOMAIN', 'the agent is of another trust domain');
  if (issuerKeyId === null) return refuse('PEER_ISSUER_UNKNOWN', 'the certificate does not name its issuer’s key');
  return accept({ ...agent, serial, notBefore, notAfter, issuerKeyId });
}

/** What in the certificate is not an agent leaf's, apart from its name. */
function profileFault(contents: CertificateContents) {
  const { ca, keyUsage, extendedKeyUsage } = contents;
  if (ca) return refuse('PEER_IS_CA', 'the certificate is a CA');
  if (keyUsage.length !== 1 || keyUsage[0] !== 'digitalSignature') {
    return refuse('PEER_KEY_USAGE', 'the key usage is not digitalSignature alone');
  }
  if (extendedKeyUsage?.length !== 1 || extendedKeyUsage[0] !== id_kp_clientAuth) {
    return refuse('PEER_PURPOSE', 'the extended key usage is not clientAuth alone');
  }
  return null;
}
