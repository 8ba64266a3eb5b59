/**
 * The names that stand in certificates, each with one strict grammar for writing and for reading.
 *
 * An agent is `spiffe://t-<tenant>.<trust-domain>/agent/<uuid>`. The tenant is in the host because X.509 name
 * constraints see a URI's host and never its path (RFC 5280 section 4.2.1.10).
 */
import { isIP } from 'node:net';
import { z } from 'zod';

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';

/** A tenant's short name: lower-case letters, digits and inner hyphens, 1 to 61 characters (a DNS label with `t-`). */
export const TenantName = z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,59}[a-z0-9])?$/);
/** A trust domain: lower-case DNS name without a trailing dot, at most 180 characters. */
export const TrustDomain = z
  .string()
  .max(180)
  .regex(new RegExp(`^${LABEL}(?:\\.${LABEL})*$`));
/** An agent's id: a UUID in lower-case hex. */
export const AgentId = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
/** A host people or agents reach a listener by: a lower-case DNS name (no wildcard) or an IPv4/IPv6 address. */
export const GatewayHost = z
  .string()
  .max(253)
  .refine((text) => hostType(text) !== null, 'neither a lower-case DNS name nor an IP address');

/** Who an agent is. */
export interface AgentName {
  tenant: string;
  trustDomain: string;
  agentId: string;
}

/** The URI host that holds a tenant's agents. */
export function tenantHost(tenant: string, trustDomain: string): string {
  return `t-${TenantName.parse(tenant)}.${TrustDomain.parse(trustDomain)}`;
}

/** The SPIFFE id of an agent. */
export function agentUri(name: AgentName): string {
  return `spiffe://${tenantHost(name.tenant, name.trustDomain)}/agent/${AgentId.parse(name.agentId)}`;
}

/** Reads a tenant's URI host, or answers null. */
export function parseTenantHost(host: string): { tenant: string; trustDomain: string } | null {
  const parts = /^t-([^.]+)\.(.+)$/.exec(host);
  const tenant = TenantName.safeParse(parts?.[1]);
  const trustDomain = TrustDomain.safeParse(parts?.[2]);
  return tenant.success && trustDomain.success ? { tenant: tenant.data, trustDomain: trustDomain.data } : null;
}

/** Reads an agent's SPIFFE id. Anything but the exact form, also upper case, a port or a query, answers null. */
export function parseAgentUri(text: string): AgentName | null {
  if (text.length > 400) return null;
  const parts = /^spiffe:\/\/([^/]+)\/agent\/([^/]+)$/.exec(text);
  const host = parseTenantHost(parts?.[1] ?? '');
  const agentId = AgentId.safeParse(parts?.[2]);
  return host !== null && agentId.success ? { ...host, agentId: agentId.data } : null;
}

/** Whether a listener's host is a DNS name or an IP address; null when it is neither. */
export function hostType(host: string): 'dns' | 'ip' | null {
  // No zones, and no IPv6 with an embedded IPv4: the ASN.1 library would write another address.
  if (isIP(host) === 6) return /[%.]/.test(host) ? null : 'ip';
  if (isIP(host) === 4) return 'ip';
  const name = host.length <= 253 && new RegExp(`^${LABEL}(?:\\.${LABEL})*$`).test(host);
  return name && !/(?:^|\.)[0-9]+$/.test(host) ? 'dns' : null;
}
