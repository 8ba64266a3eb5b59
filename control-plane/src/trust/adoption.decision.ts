/**
 * After a restore from backup (ADR 0021): may a certificate that is on no record be put on record again? Pure; deny by default.
 *
 * OpenSSL has verified that one of our CAs signed it, and its holder has proven the key. That it is on no record is what the
 * key of a CA in wrong hands would look like, so it is believed only where the restore explains it: it was issued before the
 * restore, it is the next one of an agent that is on record in good standing, and it ends within the life of one
 * certificate. A day after the restore nothing is adopted any more.
 */
import type { AgentState, CertificateState } from '@casare/shared/api';

/** What is on record of whom the certificate names; times are milliseconds since 1970. */
export interface AdoptionFacts {
  /** When the record was restored; null: never. */
  readonly restoredAt: number | null;
  /** The tenant of the CA that signed it, which is accepted, is the one in its name, and no lock holds. */
  readonly signerFits: boolean;
  readonly agentState: AgentState | null;
  /** The agent's newest certificate on record. */
  readonly newest: { readonly state: CertificateState; readonly notBefore: number } | null;
  /** The longest life of a certificate. */
  readonly lifeMs: number;
}

const GOOD: ReadonlySet<AgentState> = new Set(['pending', 'active', 'paused', 'draining']);
const WORKING: ReadonlySet<CertificateState> = new Set(['pending', 'current']);

/** True when it is the agent's certificate from here on, and the one on record is void. */
export function mayAdopt(
  presented: { readonly notBefore: number; readonly notAfter: number },
  { restoredAt, signerFits, agentState, newest, lifeMs }: AdoptionFacts,
  now: number,
): boolean {
  if (restoredAt === null || !signerFits) return false;
  if (agentState === null || !GOOD.has(agentState)) return false;
  if (newest === null || !WORKING.has(newest.state)) return false;
  if (presented.notBefore <= newest.notBefore || presented.notBefore > restoredAt) return false;
  return now < presented.notAfter && presented.notAfter <= restoredAt + lifeMs;
}
