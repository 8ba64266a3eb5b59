/**
 * Does this agent need its next certificate over the enrol listener before it dials? Pure.
 *
 * A gateway that refuses a certificate in TLS closes without a word, as a broken network does. So a connection that is
 * cut before it opens is only a hint: after a few of them the enrol listener is asked, and not again for a while.
 */
import { CLOSE } from '@casare/shared/protocol';

/** How things stand before a dial. */
export interface BeforeDial {
  /** Until the end of the certificate by this machine's clock, milliseconds. */
  readonly untilEndMs: number;
  /** How the last session or try ended. */
  readonly closeCode: number | undefined;
  /** Tries in a row that were cut before they opened. */
  readonly cuts: number;
  /** The gateway's TLS said that it does not take the certificate. */
  readonly refusedByTls: boolean;
  /** Since the enrol listener was asked because of a hint; Infinity: never. */
  readonly sinceHintMs: number;
}

export type RenewalReason = 'expired' | 'told' | 'hint';

/** Cuts that are taken for a hint. */
export const CUTS = 3;
/** A hint is followed again after this, milliseconds. */
export const HINT_MS = 600_000;

export function renewalReason(before: BeforeDial): RenewalReason | null {
  const { untilEndMs, closeCode, cuts, refusedByTls, sinceHintMs } = before;
  if (untilEndMs <= 0) return 'expired';
  if (closeCode === CLOSE.certificateExpired || closeCode === CLOSE.certificateRetired) return 'told';
  return (refusedByTls || cuts >= CUTS) && sinceHintMs >= HINT_MS ? 'hint' : null;
}

/** OpenSSL's alerts for a certificate that the other end does not take. */
const ALERTS =
  /ALERT_(UNKNOWN_CA|CERTIFICATE_EXPIRED|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN|CERTIFICATE_REVOKED|ACCESS_DENIED)/;

export function isCertificateAlert(errorCode: string | undefined): boolean {
  return errorCode !== undefined && ALERTS.test(errorCode);
}

/** A connection that was cut, rather than one that could not be made. */
export function isCut(errorCode: string | undefined): boolean {
  return errorCode === 'ECONNRESET' || errorCode === 'EPIPE';
}
