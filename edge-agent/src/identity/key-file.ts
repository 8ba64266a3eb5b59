/**
 * Files of the agent home that hold a private key. On Windows they are protected for the agent's account (DPAPI), so that a
 * copy of the disk gives nothing away; elsewhere they are plain text, and their mode keeps others out.
 *
 * Invariant: what is in one key file cannot be read as another: its name is part of its protection.
 */
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { protectData, unprotectData } from '../windows/index.ts';
import { writeWhole } from '../write-whole.ts';

/** How keys are kept. */
export interface KeyProtection {
  /** For people. */
  readonly name: string;
  protect(data: Buffer, purpose: string): Buffer;
  unprotect(data: Buffer, purpose: string): Buffer;
}

const MARK = 'casare-protected 1\n';

const DPAPI: KeyProtection = {
  name: 'Windows DPAPI, for this account',
  protect: protectData,
  unprotect: unprotectData,
};

/** How this system keeps keys; null: as they are, in files of mode 0600. */
export function keyProtection(platform: NodeJS.Platform = process.platform): KeyProtection | null {
  return platform === 'win32' ? DPAPI : null;
}

/** For `status` and `doctor`. */
export function keyStorage(): string {
  return keyProtection()?.name ?? 'files of mode 0600';
}

/** The text of a key file; one that is not protected yet is read as it is. @throws as `readFileSync`, Error */
export function readKeyFile(path: string, protection = keyProtection()): string {
  const text = readFileSync(path, 'utf8');
  if (!text.startsWith(MARK)) return text;
  if (protection === null) throw new Error('it is protected by another system');
  const data = Buffer.from(text.slice(MARK.length), 'base64');
  try {
    return protection.unprotect(data, basename(path)).toString('utf8');
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unknown';
    throw new Error(`it was protected by another account, on another machine, or under another name: ${why}`);
  }
}

/** Replaces a key file as a whole. */
export function writeKeyFile(path: string, text: string, protection = keyProtection()): void {
  writeWhole(path, protection === null ? text : protectedText(path, text, protection));
}

/** Protects the key files that are not yet, as those of a version before; answers how many. */
export function protectKeyFiles(paths: readonly string[], protection = keyProtection()): number {
  if (protection === null) return 0;
  const plain = paths.filter((path) => existsSync(path) && !readFileSync(path, 'utf8').startsWith(MARK));
  for (const path of plain) writeKeyFile(path, readFileSync(path, 'utf8'), protection);
  return plain.length;
}

function protectedText(path: string, text: string, protection: KeyProtection): string {
  return `${MARK}${protection.protect(Buffer.from(text), basename(path)).toString('base64')}\n`;
}
