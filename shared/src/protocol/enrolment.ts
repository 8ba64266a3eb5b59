/**
 * Enrolment over the enrol listener (design section 7): no client certificate, the join token authorises, and the
 * agent proves possession of its key over a server nonce.
 */
import { z } from 'zod';
import { Capability } from './messages.ts';

/** `POST /enrol/nonce`: a random server nonce, good for one enrolment within two minutes. */
export const EnrolNonce = z.object({ nonce: z.string().min(16).max(200), expiresAt: z.iso.datetime() });
export type EnrolNonce = z.infer<typeof EnrolNonce>;

/**
 * `GET /enrol/roots`: the roots by which this listener's chain can be verified, PEM. It proves nothing and needs no proof:
 * who asks takes the one that its pin names, and connects again trusting that one alone. While roots rotate, the chain in
 * the handshake leads to one of them only.
 */
export const EnrolRoots = z.object({ roots: z.array(z.string().max(20_000)).max(10) });
export type EnrolRoots = z.infer<typeof EnrolRoots>;

/** `POST /enrol`. */
export const EnrolRequest = z.strictObject({
  /** `<id>.<secret>` part of the join token: what follows the pin. */
  token: z.string().max(500),
  nonce: z.string().max(200),
  /** PKCS#10 request, DER, base64: only its public key is used. */
  csr: z.base64().max(8_192),
  /** ECDSA P-256/SHA-256 signature (IEEE P1363, base64) over `casare-enrol-v1\n<nonce>\n<sha256 hex of the CSR DER>`. */
  proof: z.base64().max(1_024),
  name: z.string().min(1).max(100),
  hostname: z.string().max(255),
  declared: z.array(Capability).max(100),
});
export type EnrolRequest = z.infer<typeof EnrolRequest>;

/** Answer to `POST /enrol`. */
export const EnrolReply = z.object({
  agentId: z.uuid(),
  tenant: z.string(),
  state: z.enum(['pending', 'active']),
  /** Leaf first, then the tenant's agent CA, PEM. */
  certificateChain: z.string(),
  /** Trust anchors for the gateway, PEM. */
  serverRoots: z.string(),
  tunnelUrl: z.url(),
  /** The token was for ephemeral agents: this one is decommissioned when it has left. */
  ephemeral: z.boolean().optional(),
});
export type EnrolReply = z.infer<typeof EnrolReply>;

/**
 * `POST /enrol/renew`: the next certificate for one that the tunnel does not take any more, since it expired or since
 * its CA was retired. The nonce is one of `/enrol/nonce`. Asked again for the same key it is answered with the same
 * certificate.
 */
export const RenewRequest = z.strictObject({
  /** The certificate to be followed, PEM. */
  certificate: z.string().max(16_384),
  nonce: z.string().max(200),
  /** PKCS#10 request of a new key, DER, base64: only its public key is used. */
  csr: z.base64().max(8_192),
  /** By the new key, as in `EnrolRequest`. */
  proof: z.base64().max(1_024),
  /** By the certificate's key, over `casare-renew-v1\n<nonce>\n<sha256 hex of the CSR DER>`, else as `proof`. */
  oldProof: z.base64().max(1_024),
});
export type RenewRequest = z.infer<typeof RenewRequest>;

export const RenewReply = EnrolReply.pick({ certificateChain: true, serverRoots: true, tunnelUrl: true });
export type RenewReply = z.infer<typeof RenewReply>;

/**
 * The text a person pastes: `casare_<tokenId>.<secret>.<pin>`; id and secret are base64url, the pin is the first
 * 32 hex digits of the SHA-256 of the server root's SubjectPublicKeyInfo.
 */
export const JoinTokenText = z.string().regex(/^casare_[A-Za-z0-9_-]{8,64}\.[A-Za-z0-9_-]{43}\.[0-9a-f]{32}$/);
