/** Must a live session end, because of what is now on record? Pure. No session outlives its lock, its certificate or its CA. */
import type { AgentState } from '@casare/shared/api';
import { CLOSE } from '@casare/shared/protocol';
import type { AdmittedPeer, Refusals } from '../trust/index.ts';
import type { Ending } from './session-context.ts';

/** How things stand with the session's agent. */
export interface Standing {
  readonly state: AgentState;
  /** The session that counts for the agent. */
  readonly sessionId: string | null;
}

/** True when another process of the agent took over: should this session's process still answer, two live at once. */
export function isContested(
  session: { readonly id: string; readonly instance: string | null },
  row: { readonly sessionId: string | null; readonly instance: string | null },
): boolean {
  return row.sessionId !== null && row.sessionId !== session.id && row.instance !== session.instance;
}

/** Because of its agent: the close code and reason, or null to go on. */
export function endingOf(sessionId: string, standing: Standing): Ending | null {
  const { state } = standing;
  if (state === 'locked' || state === 'suspect') return { code: CLOSE.locked, reason: `the agent is ${state}` };
  if (state === 'decommissioned') return { code: CLOSE.notAdmitted, reason: 'the agent was decommissioned' };
  if (standing.sessionId !== sessionId) return { code: CLOSE.replaced, reason: 'a newer session took over' };
  return null;
}

/** Because of what trust refuses. Locks first: whoever is locked is to stop its work. */
export function endingByTrust(peer: AdmittedPeer, refusals: Refusals): Ending | null {
  const { locked, revoked, retiredCas, suspended, deleted } = refusals;
  const { tenant, agentId, serial, caId, standsOn } = peer;
  if (locked.agent.has(`${tenant}/${agentId}`)) return lockedBy('agent');
  if (locked.tenant.has(tenant)) return lockedBy('tenant');
  if (locked.serial.has(`${tenant}/${serial}`)) return lockedBy('certificate');
  if (standsOn.some((id) => locked.ca.has(id))) return lockedBy('CA');
  if (deleted.has(tenant)) return { code: CLOSE.notAdmitted, reason: 'the tenant was deleted' };
  if (suspended.has(tenant)) return { code: CLOSE.suspended, reason: 'the tenant is suspended' };
  if (revoked.has(`${tenant}/${serial}`)) return { code: CLOSE.notAdmitted, reason: 'the certificate was revoked' };
  if (!retiredCas.has(caId)) return null;
  return { code: CLOSE.certificateRetired, reason: 'the CA of the certificate is not active' };
}

function lockedBy(what: string): Ending {
  return { code: CLOSE.locked, reason: `the ${what} is locked` };
}
