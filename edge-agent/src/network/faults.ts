/** What keeps an agent from the control plane, in one line with a code. */
import { codeOf, describe, Fault } from '../fault.ts';
import { issuerOf } from './issuer.ts';
import { authorityOf } from './target.ts';

/** The other end showed a certificate that no anchor of ours stands behind. An alert is the other end's verdict on us. */
export function isUntrusted(error: unknown): boolean {
  const code = codeOf(error);
  return /CERT|SIGNATURE|ISSUER|CHAIN/.test(code) && !/ALERT|ALTNAME|NOT_YET_VALID|HAS_EXPIRED/.test(code);
}

/** Somebody between us and the control plane ends TLS: `chain` is what was seen, `of` whose control plane it is not. */
export function intercepted(url: URL, chain: readonly Uint8Array[], cause?: unknown, of = 'agent'): Fault {
  const text =
    `${authorityOf(url)} is not the control plane of this ${of}: its certificate was issued by "${issuerOf(chain)}". Check the URL; ` +
    'if a proxy inspects TLS, exempt this host there, or go by the web address: casare-agent network set --carrier wss://…';
  return new Fault('TLS_INTERCEPTED', text, { cause });
}

/** The outer TLS of a carrier, or of a proxy reached over TLS, is not trusted. */
export function untrusted(url: URL, chain: readonly Uint8Array[], cause: unknown): Fault {
  const text =
    `the certificate of ${authorityOf(url)} was issued by "${issuerOf(chain)}", which is not trusted: give its CA by ` +
    '--ca-file, or trust the system store by --system-ca';
  return new Fault('OUTER_TLS_UNTRUSTED', text, { cause });
}

/** Any other failure on the way to `url`. */
export function connectFault(url: URL, error: unknown): Fault {
  if (error instanceof Fault) return error;
  const code = codeOf(error);
  const host = authorityOf(url);
  if (code === 'CERT_NOT_YET_VALID' || code === 'CERT_HAS_EXPIRED') {
    const text = `the certificate of ${host} is not valid at this machine's time (${code}): set the clock`;
    return new Fault('CLOCK_SKEW', text, { cause: error });
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const text = `the certificate of ${host} is for another host: use the URL that the control plane gave`;
    return new Fault('WRONG_HOST', text, { cause: error });
  }
  if (isUntrusted(error)) return intercepted(url, [], error);
  if (/^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG)/.test(code)) {
    const plain = `${host} does not speak TLS: is that the console's port? Use the URL that the control plane gave`;
    return new Fault('UNREACHABLE', plain, { cause: error });
  }
  const why = code || describe(error);
  const text = `${host} cannot be reached (${why}): check the URL, that the control plane runs, and the firewall`;
  return new Fault('UNREACHABLE', text, { cause: error });
}
