/** How trust stands, as it is on record. */
import type { CaKind, CaState } from '@casare/shared/api';
import { sql, type Queryable } from '../platform/database/index.ts';
import type { Viewer } from './lock.store.ts';

export interface AuthorityRow {
  readonly id: string;
  readonly kind: CaKind;
  readonly tenant: string | null;
  readonly state: CaState;
  readonly keyId: string;
  readonly issuerId: string | null;
  readonly offline: boolean;
  readonly notAfter: Date;
  readonly createdAt: Date;
  readonly certificatePem: string;
  readonly live: number;
}

export interface GatewayRow {
  readonly id: string;
  readonly heartbeatAt: Date;
  readonly rev: number;
  readonly sessions: number;
}

// Live leaves of an agent CA are counted by the index that gates use. `$1` is the time of now.
const AUTHORITY = `SELECT c.id, c.kind, c.tenant_id AS tenant, c.state, c.key_id AS "keyId", c.issuer_id AS "issuerId",
     c.sealed_key IS NULL AS offline, c.not_after AS "notAfter", c.created_at AS "createdAt",
     c.certificate_pem AS "certificatePem",
     CASE c.kind
       WHEN 'agent_ca' THEN (SELECT count(*) FROM agent_certificate l
         WHERE l.ca_id = c.id AND l.state IN ('pending', 'current') AND l.not_after > $1)
       WHEN 'server_ca' THEN (SELECT count(*) FROM gateway_certificate g WHERE g.ca_id = c.id AND g.not_after > $1)
       ELSE (SELECT count(*) FROM certificate_authority b WHERE b.issuer_id = c.id AND b.state <> 'retired')
     END::int AS live
   FROM certificate_authority c`;

// As a tenant's login, which sees no keys: its own CAs, which are never offline.
const authoritiesOfTenant = sql<AuthorityRow, [now: Date, tenant: string]>(
  'authoritiesOfTenant',
  `SELECT c.id, c.kind, c.tenant_id AS tenant, c.state, c.key_id AS "keyId", c.issuer_id AS "issuerId", false AS offline,
     c.not_after AS "notAfter", c.created_at AS "createdAt", c.certificate_pem AS "certificatePem",
     (SELECT count(*) FROM agent_certificate l
       WHERE l.ca_id = c.id AND l.state IN ('pending', 'current') AND l.not_after > $1)::int AS live
   FROM certificate_authority c WHERE c.tenant_id = $2 AND (c.state <> 'retired' OR c.not_after > $1)
   ORDER BY c.state = 'retired', c.created_at DESC, c.id LIMIT 100`,
  { idempotent: true },
);

// A hundred at most: the newest of each kind first.
const authorities = sql<AuthorityRow, [now: Date, tenant: string, operator: boolean]>(
  'authoritiesOfViewer',
  `${AUTHORITY}
   WHERE (c.tenant_id = $2 OR ($3 AND c.tenant_id IS NULL)) AND (c.state <> 'retired' OR c.not_after > $1)
   ORDER BY c.state = 'retired', c.created_at DESC, c.id LIMIT 100`,
  { idempotent: true },
);

const authorityById = sql<AuthorityRow, [now: Date, id: string]>('authorityById', `${AUTHORITY} WHERE c.id = $2`, {
  idempotent: true,
});

const gateways = sql<GatewayRow, []>(
  'gatewaysOfInstallation',
  `SELECT g.id, g.heartbeat_at AS "heartbeatAt", g.trust_rev AS rev, (
     SELECT count(*) FROM agent_session s WHERE s.gateway_id = g.id)::int AS sessions
   FROM gateway g ORDER BY g.started_at LIMIT 1000`,
  { idempotent: true },
);

export function listAuthorities(db: Queryable, { tenant, operator }: Viewer, now: Date): Promise<AuthorityRow[]> {
  return db.query(operator ? authorities(now, tenant, operator) : authoritiesOfTenant(now, tenant));
}

export async function findAuthority(db: Queryable, id: string, now: Date): Promise<AuthorityRow | null> {
  return (await db.query(authorityById(now, id)))[0] ?? null;
}

export function listGateways(db: Queryable): Promise<GatewayRow[]> {
  return db.query(gateways());
}
