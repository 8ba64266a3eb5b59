/**
 * A tenant's agent CA: signs that tenant's agents and nothing else, below the agent root. Its key may be used by an
 * attacker and still OpenSSL refuses everything else: clientAuth only, path length 0, and CRITICAL name constraints
 * that permit the tenant's URI host and exclude every DNS name, IP address and e-mail address.
 */
import { AsnConvert } from '@peculiar/asn1-schema';
import {
  GeneralName,
  GeneralSubtree,
  GeneralSubtrees,
  NameConstraints,
  id_ce_nameConstraints,
} from '@peculiar/asn1-x509';
import { ExtendedKeyUsage, Extension } from './x509.ts';
import { caExtensions, DAY_MS, signCertificate, type Issued, type Issuer, type Random } from './certificate.ts';
import { generateKey, keyIdOf } from './keys.ts';
import { tenantHost } from './names.ts';
import { accept, type Result } from './result.ts';
import type { KeyedCa } from './root.ts';
import { CA_LIFETIME_DAYS } from './server-ca.ts';

export interface AgentCaOptions {
  tenant: string;
  trustDomain: string;
  now: Date;
  /** Default 730; never beyond the root. */
  lifetimeDays?: number | undefined;
  random?: Random | undefined;
}

/** Makes the agent CA of one tenant and its key, signed by `root`. Throws when a name breaks its grammar. */
export async function createAgentCa(root: Issuer, options: AgentCaOptions): Promise<Result<KeyedCa, 'ISSUER_EXPIRED'>> {
  const pair = await generateKey('P-256');
  const issued = await certifyAgentCa(root, { ...options, publicKey: pair.publicKey });
  return issued.ok ? accept({ ...issued.value, privateKey: pair.privateKey }) : issued;
}

/** The certificate of an agent CA for a key that was made elsewhere. Throws when a name breaks its grammar. */
export async function certifyAgentCa(
  root: Issuer,
  { publicKey, tenant, trustDomain, now, lifetimeDays, random }: AgentCaOptions & { publicKey: Uint8Array },
): Promise<Result<Issued, 'ISSUER_EXPIRED'>> {
  const constraints = tenantConstraints(tenantHost(tenant, trustDomain));
  const blueprint = {
    subject: [{ OU: [tenant] }, { CN: [`Casare agent CA ${keyIdOf(publicKey).slice(0, 8)}`] }],
    publicKey,
    now,
    lifetimeMs: (lifetimeDays ?? CA_LIFETIME_DAYS) * DAY_MS,
    extensions: [...caExtensions(0, ExtendedKeyUsage.clientAuth), constraints],
  };
  return signCertificate(blueprint, root, random);
}

/**
 * The name constraints of a tenant's CA (RFC 5280 section 4.2.1.10). An empty DNS name and the zero networks match
 * every DNS name and address. OpenSSL does not read an empty e-mail constraint as "every address", so one address
 * that cannot exist is permitted as well: a permitted name forbids all others of its kind.
 */
export function tenantConstraints(host: string): Extension {
  const permitted = [{ uniformResourceIdentifier: host }, { rfc822Name: 'nobody@invalid' }];
  const excluded = [{ dNSName: '' }, { iPAddress: '0.0.0.0/0' }, { iPAddress: '::/0' }, { rfc822Name: '' }];
  const value = AsnConvert.serialize(
    new NameConstraints({ permittedSubtrees: subtrees(permitted), excludedSubtrees: subtrees(excluded) }),
  );
  return new Extension(id_ce_nameConstraints, true, value);
}

function subtrees(names: Partial<GeneralName>[]): GeneralSubtrees {
  return new GeneralSubtrees(names.map((name) => new GeneralSubtree({ base: new GeneralName(name) })));
}
