/** The server roots that gateways are verified by: which of them this home holds, and taking others. */
import { bundleDigest, caProfile, certificatesInPem, isSelfSigned, readCertificate, toPem } from '@casare/certs';
import { ROOTS_PER_BUNDLE } from '@casare/shared/protocol';
import { type AgentHome, writeWhole } from './home.ts';
import { readServerRoots } from './identity.ts';

export interface HeldBundle {
  /** Lower-case hex. */
  readonly digest: string;
  readonly roots: number;
}

/** What this home verifies gateways by. Throws as `readServerRoots`. */
export function heldBundle(home: AgentHome): HeldBundle {
  const pem = readServerRoots(home);
  return { digest: bundleDigest([pem]), roots: certificatesInPem(pem).length };
}

/** Takes another bundle, as a whole. Gives what is wrong with it, and then nothing has changed; null when it was taken. */
export function takeBundle(
  home: AgentHome,
  { digest, roots }: { readonly digest: string; readonly roots: readonly string[] },
): string | null {
  if (roots.length === 0 || roots.length > ROOTS_PER_BUNDLE) return `${roots.length} roots`;
  const found = roots.map((pem) => certificatesInPem(pem));
  if (!found.every((ders) => ders.length === 1 && isServerRoot(ders[0]!))) return 'something in it is no server root';
  if (bundleDigest(roots) !== digest) return 'its digest is another one';
  if (heldBundle(home).digest === digest) return null;
  writeWhole(home.serverRoots, found.map(([der]) => toPem('CERTIFICATE', der!)).join(''));
  return null;
}

function isServerRoot(der: Uint8Array): boolean {
  const contents = readCertificate(der);
  return contents.ok && caProfile(contents.value)?.kind === 'server-root' && isSelfSigned(der);
}
