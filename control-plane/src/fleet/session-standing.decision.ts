/** Must a live session end, because of what is now on record? Pure. No session outlives its lock, its certificate or its CA. */
import type { AgentState, CaState, CertificateState } from '@casare/shared/api';
import { CLOSE } from '@casare/shared/protocol';

/** How things stand with the session's agent. */
export interface Standing {
  readonly state: AgentState;
  /** The session that counts for the agent. */
  readonly sessionId: string | null;
  readonly certificate: CertificateState | null;
  readonly ca: CaState | null;
}

/** The close code and reason, or null to go on. */
export function endingOf(sessionId: string, standing: Standing): { code: number; reason: string } | null {
  const { state, certificate, ca } = standing;
  if (state === 'locked' || state === 'suspect') return { code: CLOSE.locked, reason: `the agent is ${state}` };
  if (state === 'decommissioned') return { code: CLOSE.notAdmitted, reason: 'the agent was decommissioned' };
  if (certificate === null || certificate === 'revoked') {
    return { code: CLOSE.notAdmitted, reason: 'the certificate was revoked' };
  }
  if (ca !== 'active' && ca !== 'outgoing') {
    return { code: CLOSE.certificateRetired, reason: 'the CA of the certificate is not accepted' };
  }
  if (standing.sessionId !== sessionId) return { code: CLOSE.replaced, reason: 'a newer session took over' };
  return null;
}
