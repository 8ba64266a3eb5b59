/** Certificates that follow one another. Every statement here runs after the agent's row was locked. */
import type { AgentState, CaState } from '@casare/shared/api';
import { sql, type Transaction } from '../platform/database/index.ts';

/** A certificate that works: handed out, or in use. */
export interface Working {
  readonly serial: string;
  readonly state: 'pending' | 'current';
  readonly generation: number;
  readonly certificatePem: string;
  readonly issuedAt: Date;
  readonly notAfter: Date;
  readonly caPem: string;
  readonly caState: CaState;
}

/** An agent, locked until the transaction ends: what decides about its next certificate. */
export interface Holder {
  readonly state: AgentState;
  /** Of the newest certificate that was issued. */
  readonly generation: number;
}

const holdHolder = sql<Holder, [tenant: string, agent: string]>(
  'holdHolder',
  `SELECT state, generation FROM agent WHERE tenant_id = $1 AND id = $2 FOR UPDATE`,
);

const workingCertificates = sql<Working, [tenant: string, agent: string]>(
  'workingCertificates',
  `SELECT c.serial, c.state, c.generation, c.certificate_pem AS "certificatePem", c.created_at AS "issuedAt",
     c.not_after AS "notAfter", ca.certificate_pem AS "caPem", ca.state AS "caState"
   FROM agent_certificate c JOIN certificate_authority ca ON ca.id = c.ca_id
   WHERE c.tenant_id = $1 AND c.agent_id = $2 AND c.state IN ('pending', 'current')`,
);

const certificateState = sql<{ state: string }, [tenant: string, agent: string, serial: string]>(
  'certificateState',
  `SELECT state FROM agent_certificate WHERE tenant_id = $1 AND agent_id = $2 AND serial = $3`,
);

const issuedSince = sql<{ n: number }, [tenant: string, agent: string, since: Date]>(
  'issuedSince',
  `SELECT count(*)::int AS n FROM agent_certificate WHERE tenant_id = $1 AND agent_id = $2 AND created_at > $3`,
);

const nextGeneration = sql<{ generation: number }, [tenant: string, agent: string, from: number]>(
  'nextGeneration',
  `UPDATE agent SET generation = generation + 1 WHERE tenant_id = $1 AND id = $2 AND generation = $3
   RETURNING generation`,
);

const supersede = sql<{ serial: string }, [tenant: string, agent: string, state: 'pending' | 'current']>(
  'supersede',
  `UPDATE agent_certificate SET state = 'superseded' WHERE tenant_id = $1 AND agent_id = $2 AND state = $3
   RETURNING serial`,
);

const makeCurrent = sql<never, [tenant: string, agent: string, serial: string]>(
  'makeCurrent',
  `UPDATE agent_certificate SET state = 'current'
   WHERE tenant_id = $1 AND agent_id = $2 AND serial = $3 AND state = 'pending'`,
);

/** Locks the agent's row: of two renewals, or a renewal and a first use, the second sees what the first did. */
export async function hold(tx: Transaction, tenant: string, agentId: string): Promise<Holder | null> {
  return (await tx.query(holdHolder(tenant, agentId)))[0] ?? null;
}

/** At most one that is pending and one that is current. */
export function listWorking(tx: Transaction, tenant: string, agentId: string): Promise<Working[]> {
  return tx.query(workingCertificates(tenant, agentId));
}

export async function isPending(tx: Transaction, tenant: string, agentId: string, serial: string): Promise<boolean> {
  return (await tx.query(certificateState(tenant, agentId, serial)))[0]?.state === 'pending';
}

/** How many certificates the agent was given since then. */
export async function countIssued(tx: Transaction, tenant: string, agentId: string, since: Date): Promise<number> {
  return (await tx.query(issuedSince(tenant, agentId, since)))[0]!.n;
}

/** Moves the generation on from `from`; null when it is another one. */
export async function moveGeneration(
  tx: Transaction,
  tenant: string,
  agentId: string,
  from: number,
): Promise<number | null> {
  return (await tx.query(nextGeneration(tenant, agentId, from)))[0]?.generation ?? null;
}

/** Makes the agent's certificate of this state void; its serial, or null when there was none. */
export async function makeVoid(
  tx: Transaction,
  tenant: string,
  agentId: string,
  state: 'pending' | 'current',
): Promise<string | null> {
  return (await tx.query(supersede(tenant, agentId, state)))[0]?.serial ?? null;
}

/** Makes the pending certificate the current one; there is no other current one. */
export async function use(tx: Transaction, tenant: string, agentId: string, serial: string): Promise<void> {
  await tx.execute(makeCurrent(tenant, agentId, serial));
}
