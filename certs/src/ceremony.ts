/**
 * What is done with a root whose key is not on the server (design section 7): made and used on a machine without a
 * network, by a file and a passphrase. Nothing here needs a server or a database.
 *
 * Invariants: what a root signs is one of the fixed templates, chosen by the kind that the person names; of the request
 * only the public key is taken; a key is never written in the clear.
 */
import { certifyAgentCa } from './agent-ca.ts';
import { caProfile } from './ca-profile.ts';
import { openIssuer, type Issued, type Issuer, type Random } from './certificate.ts';
import { decryptKey, encryptKey, type DecryptCode, type PassphraseCode } from './encrypted-key.ts';
import { TenantName, TrustDomain } from './names.ts';
import { certificatesInPem, requestInPem } from './pem.ts';
import { readRequest, type RequestCode } from './request.ts';
import { accept, refuse, type Result } from './result.ts';
import { createRoot, type RootKind } from './root.ts';
import { openKey } from './sealed-key.ts';
import { certifyServerCa } from './server-ca.ts';

/** A root as two files: the certificate, which is public, and the encrypted key. */
export interface RootFiles {
  /** PEM. */
  certificate: string;
  /** Encrypted PKCS#8, PEM. */
  key: string;
}

export interface OfflineRootOptions {
  kind: RootKind;
  passphrase: string;
  now: Date;
  /** Default 10 years of 365 days. */
  lifetimeDays?: number | undefined;
}

/** Makes a root that no server has ever seen. */
export async function createOfflineRoot({
  passphrase,
  ...root
}: OfflineRootOptions): Promise<Result<RootFiles, PassphraseCode>> {
  const made = await createRoot(root);
  const key = await encryptKey(made.privateKey, passphrase);
  return key.ok ? accept({ certificate: made.certificate, key: key.value }) : key;
}

export interface ExportOptions {
  /** Id of the CA, which its sealed key is bound to. */
  id: string;
  /** PEM. */
  certificate: string;
  sealedKey: string;
  /** Only the signer's user can have it. */
  masterKey: Uint8Array;
  passphrase: string;
}

export type ExportCode = PassphraseCode | 'ROOT_KEY_UNUSABLE' | 'NOT_A_ROOT';

/** Takes a root's key out of its seal and encrypts it for a safe. Only roots: other keys have no reason to leave. */
export async function exportRootKey(options: ExportOptions): Promise<Result<RootFiles, ExportCode>> {
  const { id, certificate, sealedKey, masterKey, passphrase } = options;
  const opened = openKey(sealedKey, masterKey, id);
  if (!opened.ok) return refuse('ROOT_KEY_UNUSABLE', opened.message);
  const root = await openRoot(certificate, opened.value);
  if (!root.ok) return root;
  const key = await encryptKey(opened.value, passphrase);
  return key.ok ? accept({ certificate, key: key.value }) : key;
}

/** Whether the files hold the certificate's own key: what must be sure before the server forgets it. */
export async function verifyRootFiles(
  { certificate, key }: RootFiles,
  passphrase: string,
): Promise<Result<null, DecryptCode | 'ROOT_KEY_UNUSABLE' | 'NOT_A_ROOT'>> {
  const opened = decryptKey(key, passphrase);
  if (!opened.ok) return opened;
  const root = await openRoot(certificate, opened.value);
  return root.ok ? accept(null) : root;
}

export interface SignAuthorityOptions {
  root: RootFiles;
  passphrase: string;
  /** PKCS#10, PEM: `casare-certs root csr` made it. */
  csr: string;
  kind: 'server_ca' | 'agent_ca';
  /** Whose agents, for an agent CA: the person at the safe says so, not the request. */
  tenant: string | null;
  trustDomain: string;
  now: Date;
  /** Default 730; never beyond the root. */
  lifetimeDays?: number | undefined;
  random?: Random | undefined;
}

export type SignAuthorityCode =
  | DecryptCode
  | RequestCode
  | 'ROOT_KEY_UNUSABLE'
  | 'NOT_A_ROOT'
  | 'ROOT_WRONG_KIND'
  | 'TENANT_REFUSED'
  | 'ISSUER_EXPIRED';

/** Signs a request as the CA that `kind` says. */
export async function signAuthority(options: SignAuthorityOptions): Promise<Result<Issued, SignAuthorityCode>> {
  const { root, passphrase, csr, kind, tenant, trustDomain, now, lifetimeDays, random } = options;
  const named = kind === 'server_ca' ? tenant === null : TenantName.safeParse(tenant).success;
  if (!named || !TrustDomain.safeParse(trustDomain).success) {
    return refuse('TENANT_REFUSED', 'an agent CA is of one tenant, by its short name; a server CA is of none');
  }
  const request = readRequest(requestInPem(csr));
  if (!request.ok) return request;
  const key = decryptKey(root.key, passphrase);
  if (!key.ok) return key;
  const opened = await openRoot(root.certificate, key.value);
  if (!opened.ok) return opened;
  const wanted = kind === 'server_ca' ? 'server-root' : 'agent-root';
  const { kind: is } = caProfile(opened.value.contents)!;
  if (is !== wanted) return refuse('ROOT_WRONG_KIND', `a ${kind} is signed by the ${wanted}, and this is the ${is}`);
  const blueprint = { publicKey: request.value.publicKey, now, lifetimeDays, random };
  return tenant === null
    ? certifyServerCa(opened.value, blueprint)
    : certifyAgentCa(opened.value, { tenant, trustDomain, ...blueprint });
}

async function openRoot(
  certificate: string,
  privateKey: Uint8Array,
): Promise<Result<Issuer, 'ROOT_KEY_UNUSABLE' | 'NOT_A_ROOT'>> {
  const opened = await openIssuer(certificatesInPem(certificate)[0] ?? new Uint8Array(), privateKey);
  if (!opened.ok) return refuse('ROOT_KEY_UNUSABLE', opened.message);
  const profile = caProfile(opened.value.contents);
  if (profile?.kind === 'server-root' || profile?.kind === 'agent-root') return accept(opened.value);
  return refuse('NOT_A_ROOT', 'the certificate is not a root of Casare');
}
