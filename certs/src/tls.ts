/**
 * TLS settings of the listeners and of the agent, in one place, because each of them is a decision:
 * - the tunnel listener demands a client certificate, speaks TLS 1.3 only and never resumes a session: a resumed one
 *   would skip the client-certificate check. Do not add `newSession`/`resumeSession` listeners or ticket keys to it;
 * - Node's own handshake timeout is 120 s, which lets idle sockets pile up: 10 s;
 * - the agent trusts our server roots alone and checks the host it meant to dial, whatever the transport passes on;
 * - each service has an application protocol of its own (RFC 7301), which agents always offer: on one port with the
 *   same host name it is what tells the services apart. Whoever offers none is served as before, with HTTP/1.1.
 */
import { constants } from 'node:crypto';
import { isIP } from 'node:net';
import {
  checkServerIdentity,
  createSecureContext,
  type ConnectionOptions,
  type PeerCertificate,
  type SecureContextOptions,
  type TlsOptions,
} from 'node:tls';

/** A listener's own certificate. */
export interface ServerIdentity {
  /** PKCS#8, PEM. */
  privateKeyPem: string;
  /** Leaf first, then the server CA; the enrol listener appends the root, so that an agent can find its pin. */
  chainPem: string;
}

export interface TunnelClientIdentity {
  privateKeyPem: string;
  /** Leaf first, then the tenant's agent CA. */
  chainPem: string;
}

const HANDSHAKE_TIMEOUT_MS = 10_000;
/** What agents offer on the way to the tunnel and to the enrol listener, before HTTP/1.1. */
export const TUNNEL_ALPN = 'casare-tunnel';
export const ENROL_ALPN = 'casare-enrol';
const HTTP_ALPN = 'http/1.1';
/** The best first. */
const TUNNEL_PROTOCOLS = [TUNNEL_ALPN, HTTP_ALPN];

/**
 * Settings of the tunnel listener; `agentRootsPem` are the only anchors for client certificates. Of those who name the
 * host, a certificate directly below one of `agentCasPem` (`directAnchors`) is verified no further up. A server keeps
 * `SNICallback` for good: `setSecureContext` does not replace it, and does not take `allowPartialTrustChain` either.
 */
export function tunnelServerOptions(
  identity: ServerIdentity,
  agentRootsPem: readonly string[],
  agentCasPem: readonly string[] = [],
): TlsOptions {
  const context: SecureContextOptions = {
    key: identity.privateKeyPem,
    cert: identity.chainPem,
    ca: [...agentRootsPem],
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
  const ca = [...agentRootsPem, ...agentCasPem];
  const direct = agentCasPem.length > 0 ? createSecureContext({ ...context, ca, allowPartialTrustChain: true }) : null;
  return {
    ...context,
    requestCert: true,
    rejectUnauthorized: true,
    ...(direct && { SNICallback: (_name, done) => done(null, direct) }),
    // Not a list: of that Node keeps a copy for each connection, in a slab of 64 KiB which the copy keeps alive.
    ALPNCallback: ({ protocols }) => TUNNEL_PROTOCOLS.find((protocol) => protocols.includes(protocol)),
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
  };
}

/** Settings of the enrol listener: the server proves itself, the join token authorises the agent. */
export function enrolServerOptions(identity: ServerIdentity, serverRootPem: string): TlsOptions {
  return {
    key: identity.privateKeyPem,
    cert: `${identity.chainPem}${serverRootPem}`,
    requestCert: false,
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.3',
    secureOptions: constants.SSL_OP_NO_TICKET,
    ALPNProtocols: [ENROL_ALPN, HTTP_ALPN],
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
  };
}

/** The agent's settings for the tunnel to `host` (a DNS name or an IP address, without brackets). */
export function tunnelClientOptions(
  identity: TunnelClientIdentity,
  host: string,
  serverRootsPem: readonly string[],
): ConnectionOptions {
  return {
    ...serverCheck(host, serverRootsPem),
    key: identity.privateKeyPem,
    cert: identity.chainPem,
    ALPNProtocols: TUNNEL_PROTOCOLS,
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
  };
}

/** The agent's settings for the enrol listener, once the pinned root is known. */
export function enrolClientOptions(host: string, serverRootPem: string): ConnectionOptions {
  return { ...serverCheck(host, [serverRootPem]), ...ENROL };
}

/**
 * Settings for the one connection that only fetches the enrol listener's chain (`peerChain`, `findPinned`). It verifies
 * nothing: send nothing over it and believe nothing it says but the pinned root.
 */
export function chainProbeOptions(host: string): ConnectionOptions {
  return { ...serverName(host), rejectUnauthorized: false, ...ENROL };
}

const ENROL: ConnectionOptions = {
  ALPNProtocols: [ENROL_ALPN, HTTP_ALPN],
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.3',
};

function serverCheck(host: string, rootsPem: readonly string[]): ConnectionOptions {
  return {
    ...serverName(host),
    ca: [...rootsPem],
    rejectUnauthorized: true,
    checkServerIdentity: (_given, certificate) => hostFault(host, certificate),
  };
}

/** SNI carries DNS names only (RFC 6066 section 3). */
function serverName(host: string): ConnectionOptions {
  return { host, servername: isIP(host) === 0 ? host : '' };
}

/** Node falls back to the common name when there is no alternative name; our certificates always have one. */
function hostFault(host: string, certificate: PeerCertificate): Error | undefined {
  if (certificate.subjectaltname === undefined) return new Error('the server certificate names no host');
  return checkServerIdentity(host, certificate);
}
