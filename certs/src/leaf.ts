/**
 * End certificates: the gateway's and an agent's. Every field is built here; of the request only the public key is
 * taken, and only when it is a P-256 key. An agent's tenant is the one its issuing CA is constrained to.
 */
import { ExtendedKeyUsage, SubjectAlternativeNameExtension } from './x509.ts';
import { DAY_MS, leafExtensions, signCertificate, type Issued, type Issuer, type Random } from './certificate.ts';
import { readPublicKey } from './keys.ts';
import { agentUri, GatewayHost, hostType, type AgentName } from './names.ts';
import { type Result } from './result.ts';

export type LeafCode = 'ISSUER_EXPIRED' | 'KEY_REFUSED';

export interface GatewayLeafOptions {
  /** The hosts agents and people dial: DNS names and IP addresses, 1 to 50. */
  hosts: readonly string[];
  /** SubjectPublicKeyInfo, DER. */
  publicKey: Uint8Array;
  now: Date;
  /** Default 90; never beyond the CA. */
  lifetimeDays?: number | undefined;
  random?: Random | undefined;
}

export interface AgentLeafOptions extends AgentName {
  /** SubjectPublicKeyInfo, DER, out of a verified request. */
  publicKey: Uint8Array;
  now: Date;
  /** Default 24 hours; never beyond the CA. */
  lifetimeSeconds?: number | undefined;
  random?: Random | undefined;
}

const GATEWAY_LIFETIME_DAYS = 90;
const AGENT_LIFETIME_SECONDS = 86_400;
const MAX_HOSTS = 50;

/** Signs a gateway's certificate. Throws when a host breaks its grammar. */
export async function createGatewayLeaf(ca: Issuer, options: GatewayLeafOptions): Promise<Result<Issued, LeafCode>> {
  const publicKey = readPublicKey(options.publicKey, ['P-256']);
  if (!publicKey.ok) return publicKey;
  const blueprint = {
    subject: [{ CN: ['Casare gateway'] }],
    publicKey: publicKey.value.publicKey,
    now: options.now,
    lifetimeMs: (options.lifetimeDays ?? GATEWAY_LIFETIME_DAYS) * DAY_MS,
    extensions: [...leafExtensions(ExtendedKeyUsage.serverAuth), hostNames(options.hosts)],
  };
  return signCertificate(blueprint, ca, options.random);
}

/** Signs an agent's certificate: one URI name, clientAuth only. Throws when a name breaks its grammar. */
export async function createAgentLeaf(ca: Issuer, options: AgentLeafOptions): Promise<Result<Issued, LeafCode>> {
  const publicKey = readPublicKey(options.publicKey, ['P-256']);
  if (!publicKey.ok) return publicKey;
  const blueprint = {
    subject: [{ CN: [options.agentId] }],
    publicKey: publicKey.value.publicKey,
    now: options.now,
    lifetimeMs: (options.lifetimeSeconds ?? AGENT_LIFETIME_SECONDS) * 1_000,
    extensions: [
      ...leafExtensions(ExtendedKeyUsage.clientAuth),
      new SubjectAlternativeNameExtension([{ type: 'url', value: agentUri(options) }]),
    ],
  };
  return signCertificate(blueprint, ca, options.random);
}

function hostNames(hosts: readonly string[]): SubjectAlternativeNameExtension {
  if (hosts.length === 0 || hosts.length > MAX_HOSTS) throw new RangeError(`a gateway has 1 to ${MAX_HOSTS} hosts`);
  const names = [...new Set(hosts.map((host) => GatewayHost.parse(host)))];
  return new SubjectAlternativeNameExtension(
    names.map((value) => ({ type: hostType(value) === 'ip' ? ('ip' as const) : ('dns' as const), value })),
  );
}
