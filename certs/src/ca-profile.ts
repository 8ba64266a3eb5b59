/**
 * Which of our CAs a certificate is, read from the certificate itself. The signer asks this before it signs, so a row
 * or a message that says "server CA" cannot make a tenant's CA one.
 */
import { id_kp_clientAuth, id_kp_serverAuth } from '@peculiar/asn1-x509';
import type { CertificateContents } from './contents.ts';
import { parseTenantHost } from './names.ts';

/** What a CA is; an agent CA also says whose. */
export type CaProfile =
  | { kind: 'server-root' }
  | { kind: 'agent-root' }
  | { kind: 'server-ca' }
  | { kind: 'agent-ca'; tenant: string; trustDomain: string };

/** The profile of a CA certificate, null when it is none of ours. Does not verify signatures. */
export function caProfile(contents: CertificateContents): CaProfile | null {
  const { ca, keyUsage, extendedKeyUsage } = contents;
  if (!ca || !keyUsage.includes('keyCertSign') || extendedKeyUsage?.length !== 1) return null;
  const [purpose] = extendedKeyUsage;
  const selfSigned = Buffer.compare(contents.subject, contents.issuer) === 0;
  if (selfSigned && purpose === id_kp_serverAuth) return { kind: 'server-root' };
  if (selfSigned && purpose === id_kp_clientAuth) return { kind: 'agent-root' };
  if (contents.pathLength !== 0 || selfSigned) return null;
  if (purpose === id_kp_serverAuth) return { kind: 'server-ca' };
  return purpose === id_kp_clientAuth ? agentCaProfile(contents) : null;
}

function agentCaProfile(contents: CertificateContents): CaProfile | null {
  const { nameConstraints } = contents;
  const [host, ...more] = nameConstraints?.permittedUriHosts ?? [];
  if (nameConstraints?.critical !== true || host === undefined || more.length > 0) return null;
  const tenant = parseTenantHost(host);
  return tenant === null ? null : { kind: 'agent-ca', ...tenant };
}
