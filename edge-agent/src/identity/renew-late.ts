/**
 * Renewal over the enrol listener, for a certificate that the tunnel does not take any more: a signature of its key asks
 * for the next one (`POST /enrol/renew`).
 *
 * Invariants: the listener is verified by the roots this agent holds before anything is sent; the new key is kept before
 * it is used, so that asking again asks for the same certificate; key and certificate are replaced as a whole; and this
 * machine's clock decides nothing that the control plane's clock can.
 */
import { certificatesInPem, readCertificate, signEnrolProof, signRenewProof, toPem } from '@casare/certs';
import { EnrolNonce, RenewReply, RenewRequest, ROOTS_PER_BUNDLE } from '@casare/shared/protocol';
import { z } from 'zod';
import { Fault } from '../fault.ts';
import { leafOf, nextKey, readCredential, takeNext } from './credential.ts';
import { type EnrolAnswer, post } from './enrol-http.ts';
import { type AgentHome, writeWhole } from './home.ts';
import { readIdentity, readServerRoots, writeIdentity } from './identity.ts';

export type LateRenewed =
  | { readonly outcome: 'renewed'; readonly until: Date }
  /** By the control plane's clock the certificate is good: this machine's clock is wrong by so much. */
  | { readonly outcome: 'clock_skew'; readonly skewMs: number }
  /** The control plane sees nothing that a new certificate would mend. */
  | { readonly outcome: 'not_due' }
  | { readonly outcome: 'refused'; readonly code: string; readonly retryMs: number };

/** What a refusal means for the next try, milliseconds. */
const RETRY_MS: Readonly<Record<string, number>> = {
  AGENT_LOCKED: 300_000,
  RENEW_DENIED: 1_800_000,
  RENEW_TOO_LATE: 1_800_000,
};
const BUSY_MS = 60_000;
const Problem = z.object({ code: z.string().regex(/^[A-Z][A-Z0-9_]{1,99}$/) });

/**
 * Asks for the next certificate. `expired`: that is why, by this machine's clock. Throws a Fault when there is no usable
 * answer: UNREACHABLE, TLS_INTERCEPTED, CLOCK_SKEW, RENEW_FAILED.
 */
export async function renewLate(home: AgentHome, expired: boolean, now: () => number): Promise<LateRenewed> {
  const identity = readIdentity(home);
  const base = new URL(identity.enrolUrl);
  const roots = readServerRoots(home);
  const asked = await post(home.network, new URL('enrol/nonce', base), roots, {});
  const nonce = EnrolNonce.safeParse(asked.body);
  if (!nonce.success) return refusal(asked, base);
  const until = leafOf(home).validToDate.getTime();
  if (expired && asked.serverTime !== null && asked.serverTime < until) {
    return { outcome: 'clock_skew', skewMs: now() - asked.serverTime };
  }
  const { privateKeyPem, chainPem } = readCredential(home);
  const next = await nextKey(home);
  const leaf = certificatesInPem(chainPem)[0] ?? new Uint8Array();
  const request = RenewRequest.parse({
    certificate: toPem('CERTIFICATE', leaf),
    nonce: nonce.data.nonce,
    csr: Buffer.from(next.csr).toString('base64'),
    proof: signEnrolProof(next.privateKeyPem, nonce.data.nonce, next.csr),
    oldProof: signRenewProof(privateKeyPem, nonce.data.nonce, next.csr),
  });
  const answer = await post(home.network, new URL('enrol/renew', base), roots, request);
  const reply = RenewReply.safeParse(answer.body);
  if (answer.status >= 300 || !reply.success) return refusal(answer, base);
  const { certificateChain, serverRoots, tunnelUrl } = reply.data;
  const newRoots = readRoots(serverRoots);
  if (newRoots === null) throw unusable(base, 'roots that are none');
  if (!takeNext(home, next, certificateChain)) throw unusable(base, 'a certificate that is not ours');
  writeWhole(home.serverRoots, newRoots);
  if (tunnelUrl !== identity.tunnelUrl) writeIdentity(home, { ...identity, tunnelUrl });
  return { outcome: 'renewed', until: leafOf(home).validToDate };
}

/** The answer came over a connection that the roots of before verified, so its roots follow them. Null for none. */
function readRoots(pem: string): string | null {
  const roots = certificatesInPem(pem);
  const good = roots.every((der) => {
    const contents = readCertificate(der);
    return contents.ok && contents.value.ca;
  });
  if (roots.length === 0 || roots.length > ROOTS_PER_BUNDLE || !good) return null;
  return roots.map((der) => toPem('CERTIFICATE', der)).join('');
}

function refusal(answer: EnrolAnswer, base: URL): LateRenewed {
  const problem = Problem.safeParse(answer.body);
  if (answer.status === 429) return { outcome: 'refused', code: 'ENROL_BUSY', retryMs: BUSY_MS };
  const code = problem.success ? problem.data.code : '';
  if (code === 'RENEW_NOT_DUE') return { outcome: 'not_due' };
  const retryMs = RETRY_MS[code];
  if (retryMs !== undefined) return { outcome: 'refused', code, retryMs };
  throw unusable(base, code || `HTTP ${answer.status}`);
}

function unusable(base: URL, what: string): Fault {
  return new Fault('RENEW_FAILED', `${base.host} did not renew the certificate (${what}): it is tried again`);
}
