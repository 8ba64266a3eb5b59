/** The checks of the certificate, of what gateways are verified by, and of the clock that judges both. */
import { X509Certificate } from 'node:crypto';
import { certificatesInPem } from '@casare/certs';
import { Fault } from '../fault.ts';
import {
  type AgentHome,
  certificateTimes,
  heldBundle,
  readIdentity,
  readServerRoots,
  serverTimeOf,
} from '../identity/index.ts';
import { type Check, finding, ok } from './check.ts';

const SKEW_WARNING_MS = 30_000;
const SKEW_FAILURE_MS = 300_000;
const RENEWAL_DUE_MS = 6 * 3_600_000;
/** A `Date` header has whole seconds. */
const DATE_MS = 1_000;

/** The certificate's time, and the roots. */
export function checkIdentity(home: AgentHome, now: number): Check {
  const { agentId, tenant } = readIdentity(home);
  const { sinceStartMs, untilEndMs } = certificateTimes(home, now);
  const until = new Date(now + untilEndMs).toISOString();
  if (sinceStartMs < 0) return finding('identity', 'CERT_NOT_YET_VALID', 'the certificate is not valid yet');
  if (untilEndMs < 0) return finding('identity', 'CERT_EXPIRED', `the certificate expired at ${until}`);
  const { digest, roots } = heldBundle(home);
  const over = certificatesInPem(readServerRoots(home)).filter(
    (der) => new X509Certificate(der).validToDate.getTime() < now,
  );
  if (over.length === roots) return finding('identity', 'ROOTS_EXPIRED', `all ${roots} server roots have expired`);
  const bundle = `bundle ${digest.slice(0, 16)} of ${roots} ${roots === 1 ? 'root' : 'roots'}`;
  const found = `${agentId}, tenant ${tenant}, certificate until ${until}, ${bundle}`;
  return untilEndMs < RENEWAL_DUE_MS ? finding('identity', 'CERT_RENEWAL_DUE', found) : ok('identity', found);
}

/** The control plane's `Date` against this clock, and how exactly that can be known. */
export async function checkClock(home: AgentHome, now: () => number): Promise<Check> {
  const before = now();
  const asked = serverTimeOf(home, readIdentity(home).enrolUrl);
  const serverTime = await asked.catch((error: unknown) => {
    // an agent that is enrolled does without the enrol listener
    if (error instanceof Fault && error.code === 'UNREACHABLE') return null;
    throw error;
  });
  if (serverTime === null) return finding('clock', 'CLOCK_UNKNOWN', 'the control plane does not tell its time');
  const { skewMs, boundMs } = skewOf(serverTime, before, now());
  const found = `${Math.abs(skewMs / 1_000).toFixed(1)} s ${skewMs < 0 ? 'behind' : 'ahead of'} the control plane, ±${(boundMs / 1_000).toFixed(1)} s`;
  // only what is certain is a finding
  const certainMs = Math.max(0, Math.abs(skewMs) - boundMs);
  if (certainMs > SKEW_FAILURE_MS) return finding('clock', 'CLOCK_OFF', found);
  return certainMs > SKEW_WARNING_MS ? finding('clock', 'CLOCK_DRIFT', found) : ok('clock', found);
}

/** This clock less the server's: the middle of what is possible, and how far it may be from the truth. */
function skewOf(serverTime: number, before: number, after: number): { skewMs: number; boundMs: number } {
  // the server's clock was in [serverTime, serverTime + 1 s) at some moment between before and after
  const [least, most] = [before - (serverTime + DATE_MS), after - serverTime];
  return { skewMs: (least + most) / 2, boundMs: (most - least) / 2 };
}
