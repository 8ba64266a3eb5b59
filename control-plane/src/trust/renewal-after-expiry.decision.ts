/**
 * May the holder of this certificate have the next one over the enrol listener? Pure; deny by default.
 *
 * It is for certificates that the tunnel does not take any more, or not for long: expired, or of a CA that was retired or
 * signs no more. Nothing but the old key's signature stands behind the request, so: the certificate must be, byte for
 * byte, one on record; nobody learns anything who has not proven its key; and whoever has is told what it can act upon.
 */
import type { AgentState, CaState, CertificateState } from '@casare/shared/api';
import { refusalOfState } from './admission.decision.ts';

/** What the certificate says. */
export interface Followed {
  readonly tenant: string;
  readonly agentId: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** What is on record about it. */
export interface FollowedOnRecord {
  readonly caState: CaState;
  /** Of the issuing CA. */
  readonly tenant: string;
  /** How long after its end the tenant lets a certificate be followed. */
  readonly graceDays: number;
  readonly certificate: {
    readonly agentId: string;
    readonly state: CertificateState;
    /** It is the very certificate that was presented. */
    readonly same: boolean;
    readonly agentState: AgentState;
    /** A lock holds on the agent, the certificate, the tenant or a CA behind it. */
    readonly locked: boolean;
  } | null;
}

export type FollowVerdict =
  /** `firstUse`: it was handed out and not used yet; its key has just been used. */
  | { readonly do: 'renew'; readonly firstUse: boolean }
  /** The one answer to everything that is not a good certificate of ours; `why` is for the log. */
  | { readonly do: 'deny'; readonly why: string }
  | { readonly do: 'refuse'; readonly code: 'AGENT_LOCKED' | 'RENEW_TOO_LATE' | 'RENEW_NOT_DUE' };

const DAY_MS = 86_400_000;

/** `proven`: the certificate's key signed the request. */
export function verdictOfFollowing(
  followed: Followed,
  recorded: FollowedOnRecord | null,
  proven: boolean,
  now: Date,
): FollowVerdict {
  if (!proven) return deny('NOT_PROVEN');
  if (recorded === null) return deny('CA_UNKNOWN');
  if (recorded.tenant !== followed.tenant) return deny('TENANT_MISMATCH');
  const { certificate, graceDays, caState } = recorded;
  if (certificate === null || !certificate.same) return deny('CERTIFICATE_UNKNOWN');
  if (certificate.agentId !== followed.agentId) return deny('AGENT_MISMATCH');
  if (certificate.state === 'revoked') return deny('CERTIFICATE_REVOKED');
  const refusal = refusalOfState(certificate.agentState);
  if (refusal === 'AGENT_DECOMMISSIONED') return deny(refusal);
  if (refusal !== null || certificate.locked) return { do: 'refuse', code: 'AGENT_LOCKED' };
  if (isOver(followed, graceDays, now)) return { do: 'refuse', code: 'RENEW_TOO_LATE' };
  // A superseded one is no matter of time: its key has a second holder, unless it asks for what it was given before.
  if (certificate.state === 'superseded') return { do: 'renew', firstUse: false };
  if (caState === 'active' && !isNear(followed, now)) return { do: 'refuse', code: 'RENEW_NOT_DUE' };
  return { do: 'renew', firstUse: certificate.state === 'pending' };
}

/** Ended, and the tenant's time after the end is over too. With 0 days nothing is renewed after its end. */
function isOver({ notAfter }: Followed, graceDays: number, now: Date): boolean {
  return now.getTime() >= notAfter.getTime() + graceDays * DAY_MS;
}

/** The second half of its life: when the tunnel would renew it too. */
function isNear({ notBefore, notAfter }: Followed, now: Date): boolean {
  return now.getTime() >= (notBefore.getTime() + notAfter.getTime()) / 2;
}

function deny(why: string): FollowVerdict {
  return { do: 'deny', why };
}
