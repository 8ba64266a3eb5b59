/**
 * A signer in this process: opened keys in memory, as keys that can sign and cannot be exported. Whatever it is asked,
 * it parses first, checks that the CA is of the kind the template needs, then takes from the rate limit.
 */
import { hkdfSync } from 'node:crypto';
import type { z } from 'zod';
import { createAgentCa } from './agent-ca.ts';
import { checkpointKey, signCheckpoint, type Checkpoint } from './audit-checkpoint.ts';
import type { ChainHead } from './audit-chain.ts';
import { caProfile, type CaProfile } from './ca-profile.ts';
import { openIssuer, type Issued, type Issuer, type Random } from './certificate.ts';
import { readCertificate } from './contents.ts';
import { createCrossCertificate } from './cross.ts';
import { keyIdOf } from './keys.ts';
import { createAgentLeaf, createGatewayLeaf } from './leaf.ts';
import { certificatesInPem, toPem } from './pem.ts';
import type { RateLimit } from './rate-limit.ts';
import { createRequest } from './request.ts';
import { accept, refuse, type Result } from './result.ts';
import { createRoot, type KeyedCa } from './root.ts';
import { openKey, sealKey } from './sealed-key.ts';
import { createServerCa } from './server-ca.ts';
import {
  AddIssuer,
  CreateRoot,
  CrossSignRoot,
  DeriveKey,
  RemoveIssuer,
  RequestAuthority,
  SignAgentCa,
  SignAgentLeaf,
  SignCheckpoint,
  SignGatewayLeaf,
  SignServerCa,
  type KeyedRequest,
  type SignedCa,
  type SignedCertificate,
  type Signer,
  type SignerCode,
} from './signer.ts';

export interface LocalSignerOptions {
  /** 32 bytes from outside the database. */
  masterKey: Uint8Array;
  trustDomain: string;
  /** Hosts a gateway certificate may name. */
  gatewayHosts: readonly string[];
  rateLimit: RateLimit;
  now: () => Date;
  /** Serial numbers; default the operating system's randomness. */
  random?: Random;
}

type Kind = CaProfile['kind'];
interface Opened<Profile extends CaProfile = CaProfile> {
  issuer: Issuer;
  profile: Profile;
}

/** CAs one signer holds: a tenant has one or, while rotating, two. */
const MAX_ISSUERS = 20_000;
/** Roots made here that are remembered: they are cross-certified in the same breath. */
const MAX_MADE = 100;
/** Logs whose last checkpoint is remembered; beyond that the oldest is forgotten. */
const MAX_LOGS = 20_000;

/** Makes a signer that holds no CA yet: load them with `addIssuer`. */
export function createLocalSigner(options: LocalSignerOptions): Signer {
  return new LocalSigner(options);
}

class LocalSigner implements Signer {
  readonly #options: LocalSignerOptions;
  readonly #opened = new Map<string, Opened>();
  /** Key identifiers of roots made here, the oldest first. */
  readonly #made = new Set<string>();
  /** Where each log was when it was signed last, the longest ago first. */
  readonly #signed = new Map<string, ChainHead>();

  constructor(options: LocalSignerOptions) {
    this.#options = options;
  }

  async ping(): Promise<Result<{ issuers: number }, SignerCode>> {
    return accept({ issuers: this.#opened.size });
  }

  async deriveKey(message: DeriveKey): Promise<Result<{ key: string }, SignerCode>> {
    const request = parse(DeriveKey, message);
    if (!request.ok) return request;
    const info = `casare-${request.value.purpose}-v1`;
    return accept({ key: Buffer.from(hkdfSync('sha256', this.#options.masterKey, '', info, 32)).toString('base64') });
  }

  async requestAuthority(message: RequestAuthority): Promise<Result<KeyedRequest, SignerCode>> {
    const request = parse(RequestAuthority, message);
    if (!request.ok) return request;
    const { privateKey, csr } = await createRequest();
    const sealedKey = sealKey(privateKey, this.#options.masterKey, request.value.id);
    return accept({ csr: toPem('CERTIFICATE REQUEST', csr), sealedKey });
  }

  async removeIssuer(message: RemoveIssuer): Promise<Result<Record<string, never>, SignerCode>> {
    const request = parse(RemoveIssuer, message);
    if (!request.ok) return request;
    this.#opened.delete(request.value.id);
    return accept({});
  }

  async createRoot(message: CreateRoot): Promise<Result<SignedCa, SignerCode>> {
    const request = parse(CreateRoot, message);
    if (!request.ok) return request;
    const { id, kind, lifetimeDays } = request.value;
    const root = await createRoot({ kind, lifetimeDays, ...this.#fresh() });
    this.#remember(root.keyId);
    return accept(this.#seal(id, root));
  }

  async addIssuer(message: AddIssuer): Promise<Result<{ keyId: string }, SignerCode>> {
    const request = parse(AddIssuer, message);
    if (!request.ok) return request;
    const ca = await open(request.value, this.#options.masterKey);
    if (!ca.ok) return ca;
    if (!this.#opened.has(request.value.id) && this.#opened.size >= MAX_ISSUERS) {
      return refuse('SIGNER_ISSUERS_FULL', `the signer holds ${MAX_ISSUERS} CAs already`);
    }
    this.#opened.set(request.value.id, ca.value);
    return accept({ keyId: ca.value.issuer.contents.keyId ?? '' });
  }

  async signServerCa(message: SignServerCa): Promise<Result<SignedCa, SignerCode>> {
    const request = parse(SignServerCa, message);
    if (!request.ok) return request;
    const { issuer, id, curve, lifetimeDays } = request.value;
    const root = this.#take(issuer, 'server-root');
    if (!root.ok) return root;
    const ca = await createServerCa(root.value.issuer, { curve, lifetimeDays, ...this.#fresh() });
    return ca.ok ? accept(this.#seal(id, ca.value)) : ca;
  }

  async signAgentCa(message: SignAgentCa): Promise<Result<SignedCa, SignerCode>> {
    const request = parse(SignAgentCa, message);
    if (!request.ok) return request;
    const { issuer, id, tenant, lifetimeDays } = request.value;
    const root = this.#take(issuer, 'agent-root');
    if (!root.ok) return root;
    const { trustDomain } = this.#options;
    const ca = await createAgentCa(root.value.issuer, { tenant, trustDomain, lifetimeDays, ...this.#fresh() });
    return ca.ok ? accept(this.#seal(id, ca.value)) : ca;
  }

  async crossSignRoot(message: CrossSignRoot): Promise<Result<SignedCertificate, SignerCode>> {
    const request = parse(CrossSignRoot, message);
    if (!request.ok) return request;
    const old = this.#take(request.value.issuer, 'server-root');
    if (!old.ok) return old;
    const { root } = request.value;
    if (!this.#knows(root)) return refuse('ROOT_REFUSED', 'this signer neither made that root nor has it open');
    const cross = await createCrossCertificate(old.value.issuer, { root, ...this.#fresh() });
    return cross.ok ? accept(asMessage(cross.value)) : cross;
  }

  async signGatewayLeaf(message: SignGatewayLeaf): Promise<Result<SignedCertificate, SignerCode>> {
    const request = parse(SignGatewayLeaf, message);
    if (!request.ok) return request;
    const { issuer, hosts, lifetimeDays } = request.value;
    const foreign = hosts.find((host) => !this.#options.gatewayHosts.includes(host));
    if (foreign !== undefined) {
      return refuse('SIGNER_HOST_NOT_ALLOWED', `${foreign} is not a host of this installation`);
    }
    const ca = this.#take(issuer, 'server-ca');
    if (!ca.ok) return ca;
    const publicKey = Buffer.from(request.value.publicKey, 'base64');
    const leaf = await createGatewayLeaf(ca.value.issuer, { hosts, publicKey, lifetimeDays, ...this.#fresh() });
    return leaf.ok ? accept(asMessage(leaf.value)) : leaf;
  }

  async signAgentLeaf(message: SignAgentLeaf): Promise<Result<SignedCertificate, SignerCode>> {
    const request = parse(SignAgentLeaf, message);
    if (!request.ok) return request;
    const { issuer, agentId, lifetimeSeconds } = request.value;
    const ca = this.#take(issuer, 'agent-ca');
    if (!ca.ok) return ca;
    const { tenant, trustDomain } = ca.value.profile;
    const publicKey = Buffer.from(request.value.publicKey, 'base64');
    const subject = { tenant, trustDomain, agentId, publicKey };
    const leaf = await createAgentLeaf(ca.value.issuer, { ...subject, lifetimeSeconds, ...this.#fresh() });
    return leaf.ok ? accept(asMessage(leaf.value)) : leaf;
  }

  /** Of one life of the signer: whoever took over the control plane cannot have an older place, or another chain, signed. */
  async signCheckpoint(message: SignCheckpoint): Promise<Result<Checkpoint, SignerCode>> {
    const request = parse(SignCheckpoint, message);
    if (!request.ok) return request;
    const { log, position, hash } = request.value;
    const last = this.#signed.get(log);
    if (last !== undefined && (position < last.position || (position === last.position && hash !== last.hash))) {
      const fix = 'if the database was restored from a backup, start the signer again';
      return refuse('SIGNER_CHECKPOINT_REFUSED', `the chain of ${log} was further already, or another one: ${fix}`);
    }
    if (!this.#options.rateLimit.take('checkpoints')) {
      return refuse(
        'SIGNER_RATE_LIMITED',
        'too many checkpoints were asked for in too short a time: try again in a minute',
      );
    }
    this.#signed.delete(log);
    const [oldest] = this.#signed.keys();
    if (this.#signed.size >= MAX_LOGS && oldest !== undefined) this.#signed.delete(oldest);
    this.#signed.set(log, { position, hash });
    return accept(signCheckpoint(checkpointKey(this.#options.masterKey), request.value, this.#options.now()));
  }

  /** The named CA, when it is of `kind` and has signatures left. */
  #take<Wanted extends Kind>(
    id: string,
    kind: Wanted,
  ): Result<Opened<Extract<CaProfile, { kind: Wanted }>>, SignerCode> {
    const found = this.#opened.get(id);
    if (found === undefined) return refuse('SIGNER_ISSUER_UNKNOWN', 'the signer does not hold this CA: add it first');
    const { issuer, profile } = found;
    if (!isKind(profile, kind)) {
      return refuse('SIGNER_ISSUER_WRONG_KIND', `this CA is a ${profile.kind}, the template needs a ${kind}`);
    }
    if (!this.#options.rateLimit.take(id)) {
      return refuse('SIGNER_RATE_LIMITED', 'this CA signed too much in too short a time: try again in a minute');
    }
    return accept({ issuer, profile });
  }

  #remember(root: string): void {
    const [oldest] = this.#made;
    if (this.#made.size >= MAX_MADE && oldest !== undefined) this.#made.delete(oldest);
    this.#made.add(root);
  }

  /** A caller must not get a root certified whose key somebody else holds. */
  #knows(rootPem: string): boolean {
    const contents = readCertificate(certificatesInPem(rootPem)[0] ?? new Uint8Array());
    if (!contents.ok) return false;
    const keyId = keyIdOf(contents.value.publicKey);
    const open = [...this.#opened.values()].some(({ issuer }) => keyIdOf(issuer.contents.publicKey) === keyId);
    return open || this.#made.has(keyId);
  }

  #fresh() {
    return { now: this.#options.now(), random: this.#options.random };
  }

  #seal(id: string, ca: KeyedCa): SignedCa {
    return { ...asMessage(ca), sealedKey: sealKey(ca.privateKey, this.#options.masterKey, id) };
  }
}

function isKind<Wanted extends Kind>(
  profile: CaProfile,
  kind: Wanted,
): profile is Extract<CaProfile, { kind: Wanted }> {
  return profile.kind === kind;
}

/** Opens a CA's key and reads what kind of CA it is. */
async function open(request: AddIssuer, masterKey: Uint8Array): Promise<Result<Opened, SignerCode>> {
  const key = openKey(request.sealedKey, masterKey, request.id);
  if (!key.ok) return refuse('SIGNER_ISSUER_REFUSED', key.message);
  const issuer = await openIssuer(certificatesInPem(request.certificate)[0] ?? new Uint8Array(), key.value);
  if (!issuer.ok) return refuse('SIGNER_ISSUER_REFUSED', issuer.message);
  const profile = caProfile(issuer.value.contents);
  if (profile === null) return refuse('SIGNER_ISSUER_REFUSED', 'the certificate is not one of our kinds of CA');
  return accept({ issuer: issuer.value, profile });
}

function parse<T>(schema: z.ZodType<T>, message: unknown): Result<T, 'SIGNER_REQUEST_INVALID'> {
  const parsed = schema.safeParse(message);
  if (parsed.success) return accept(parsed.data);
  const [issue] = parsed.error.issues;
  return refuse('SIGNER_REQUEST_INVALID', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not a request'}`);
}

function asMessage(issued: Issued): SignedCertificate {
  const { certificate, serial, notBefore, notAfter, keyId } = issued;
  return { certificate, serial, notBefore: notBefore.toISOString(), notAfter: notAfter.toISOString(), keyId };
}
