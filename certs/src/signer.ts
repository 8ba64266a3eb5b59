/**
 * The signer: the only part that opens CA keys. Its interface is messages (plain values in, plain values out, all
 * asynchronous) with fixed templates, so it can stand behind a process boundary; requests are parsed here, on the far
 * side. A caller chooses among templates, never fields: tenant and trust domain of an agent's certificate come from
 * its CA's name constraints, a gateway's hosts from the signer's own configuration.
 *
 * Making a CA answers its certificate and its SEALED key and does not start to use them: the caller commits the row,
 * then calls `addIssuer`, so no certificate comes from a CA that a crash could forget.
 *
 * No operation gives a key away: `exportRootKey` of `root-key.ts` is for whoever may open the master key.
 */
import { z } from 'zod';
import { Checkpoint } from './audit-checkpoint.ts';
import { AgentId, GatewayHost, TenantName } from './names.ts';
import type { Result } from './result.ts';

const caId = z.string().min(1).max(100);
const days = z.int().min(1).max(7_300).optional();
/** SubjectPublicKeyInfo, DER, base64. */
const publicKey = z.base64().max(400);

/** Makes a self-signed root. */
export const CreateRoot = z.strictObject({ id: caId, kind: z.enum(['server', 'agent']), lifetimeDays: days });
/** Makes the CA `id` below the server root `issuer`. */
export const SignServerCa = z.strictObject({
  issuer: caId,
  id: caId,
  curve: z.enum(['P-256', 'P-384']).optional(),
  lifetimeDays: days,
});
/** Makes the CA `id` of one tenant below the agent root `issuer`. */
export const SignAgentCa = z.strictObject({ issuer: caId, id: caId, tenant: TenantName, lifetimeDays: days });
/** Certifies the key of the server root `root` (PEM, self-signed) by the server root `issuer`. */
export const CrossSignRoot = z.strictObject({ issuer: caId, root: z.string().max(20_000) });
/** Signs a gateway's key; every host must be one the signer is configured for. */
export const SignGatewayLeaf = z.strictObject({
  issuer: caId,
  publicKey,
  hosts: z.array(GatewayHost).min(1).max(50),
  lifetimeDays: z.int().min(1).max(397).optional(),
});
/** Signs an agent's key in the tenant of the CA `issuer`. */
export const SignAgentLeaf = z.strictObject({
  issuer: caId,
  publicKey,
  agentId: AgentId,
  /** Up to a week; shorter ones than an hour are for tests. */
  lifetimeSeconds: z.int().min(1).max(604_800).optional(),
});
/** Opens a CA for signing. Repeating it replaces the same CA. */
export const AddIssuer = z.strictObject({
  id: caId,
  certificate: z.string().max(20_000),
  sealedKey: z.string().max(4_096),
});
/** Asks whether the signer answers. */
export const Ping = z.strictObject({});
/** Asks for a key of one purpose that all replicas with the same master key share. */
export const DeriveKey = z.strictObject({
  purpose: z.enum(['enrol-nonce', 'second-factor', 'answers', 'alert-webhooks', 'artifact-links']),
});
/** Makes the key of a CA whose certificate an offline root will sign. */
export const RequestAuthority = z.strictObject({ id: caId });
/** Closes a CA: its opened key is forgotten. Closing what is not open is no fault. */
export const RemoveIssuer = z.strictObject({ id: caId });
/** Signs where a log's chain is. A signer signs no step back, and no second hash for one place. */
export const SignCheckpoint = Checkpoint.pick({ log: true, position: true, hash: true });
export type SignCheckpoint = z.infer<typeof SignCheckpoint>;
export type CreateRoot = z.infer<typeof CreateRoot>;
export type SignServerCa = z.infer<typeof SignServerCa>;
export type SignAgentCa = z.infer<typeof SignAgentCa>;
export type CrossSignRoot = z.infer<typeof CrossSignRoot>;
export type SignGatewayLeaf = z.infer<typeof SignGatewayLeaf>;
export type SignAgentLeaf = z.infer<typeof SignAgentLeaf>;
export type AddIssuer = z.infer<typeof AddIssuer>;
export type DeriveKey = z.infer<typeof DeriveKey>;
export type RequestAuthority = z.infer<typeof RequestAuthority>;
export type RemoveIssuer = z.infer<typeof RemoveIssuer>;

const pem = z.string().max(20_000);
const sealed = z.string().max(4_096);

/** A signed certificate as a message: PEM, times in ISO 8601. */
export const SignedCertificate = z.strictObject({
  certificate: pem,
  serial: z.string().max(64),
  notBefore: z.string().max(40),
  notAfter: z.string().max(40),
  keyId: z.string().max(64),
});
export type SignedCertificate = z.infer<typeof SignedCertificate>;

/** A new CA: its certificate and its key, sealed under the signer's master key for the id that was asked for. */
export const SignedCa = SignedCertificate.extend({ sealedKey: sealed });
export type SignedCa = z.infer<typeof SignedCa>;

/** A CA's key without a certificate: the PKCS#10 request for one (PEM), and the key, sealed for the id. */
export const KeyedRequest = z.strictObject({ csr: pem, sealedKey: sealed });
export type KeyedRequest = z.infer<typeof KeyedRequest>;

export const SignerCode = z.enum([
  'SIGNER_REQUEST_INVALID',
  'SIGNER_ISSUER_UNKNOWN',
  'SIGNER_ISSUER_WRONG_KIND',
  'SIGNER_ISSUER_REFUSED',
  'SIGNER_ISSUERS_FULL',
  'SIGNER_RATE_LIMITED',
  'SIGNER_HOST_NOT_ALLOWED',
  'SIGNER_CHECKPOINT_REFUSED',
  // Of a signer in another process: it is away, or does not answer in time; too many calls wait for it.
  'SIGNER_DOWN',
  'SIGNER_BUSY',
  'ISSUER_EXPIRED',
  'ROOT_REFUSED',
  'KEY_REFUSED',
]);
export type SignerCode = z.infer<typeof SignerCode>;

/** The signer, wherever it runs. Every refusal is an answer; a rejected promise means the signer itself is broken. */
export interface Signer {
  /** Cheap: how many CAs are open. */
  ping(): Promise<Result<{ issuers: number }, SignerCode>>;
  /** 32 bytes, base64. */
  deriveKey(request: DeriveKey): Promise<Result<{ key: string }, SignerCode>>;
  requestAuthority(request: RequestAuthority): Promise<Result<KeyedRequest, SignerCode>>;
  removeIssuer(request: RemoveIssuer): Promise<Result<Record<string, never>, SignerCode>>;
  createRoot(request: CreateRoot): Promise<Result<SignedCa, SignerCode>>;
  addIssuer(request: AddIssuer): Promise<Result<{ keyId: string }, SignerCode>>;
  signServerCa(request: SignServerCa): Promise<Result<SignedCa, SignerCode>>;
  signAgentCa(request: SignAgentCa): Promise<Result<SignedCa, SignerCode>>;
  crossSignRoot(request: CrossSignRoot): Promise<Result<SignedCertificate, SignerCode>>;
  signGatewayLeaf(request: SignGatewayLeaf): Promise<Result<SignedCertificate, SignerCode>>;
  signAgentLeaf(request: SignAgentLeaf): Promise<Result<SignedCertificate, SignerCode>>;
  signCheckpoint(request: SignCheckpoint): Promise<Result<Checkpoint, SignerCode>>;
}

/** Every operation as a process boundary parses it: what it takes, and what it answers when it does not refuse. */
export const OPERATIONS = {
  ping: { request: Ping, answer: z.strictObject({ issuers: z.int().min(0) }) },
  deriveKey: { request: DeriveKey, answer: z.strictObject({ key: z.base64().max(64) }) },
  requestAuthority: { request: RequestAuthority, answer: KeyedRequest },
  removeIssuer: { request: RemoveIssuer, answer: z.strictObject({}) },
  createRoot: { request: CreateRoot, answer: SignedCa },
  addIssuer: { request: AddIssuer, answer: z.strictObject({ keyId: z.string().max(64) }) },
  crossSignRoot: { request: CrossSignRoot, answer: SignedCertificate },
  signServerCa: { request: SignServerCa, answer: SignedCa },
  signAgentCa: { request: SignAgentCa, answer: SignedCa },
  signGatewayLeaf: { request: SignGatewayLeaf, answer: SignedCertificate },
  signAgentLeaf: { request: SignAgentLeaf, answer: SignedCertificate },
  signCheckpoint: { request: SignCheckpoint, answer: Checkpoint },
} as const satisfies Record<keyof Signer, { request: z.ZodObject; answer: z.ZodObject }>;
