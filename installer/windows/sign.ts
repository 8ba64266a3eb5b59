/** Signatures of Windows' programs and installers, by osslsigncode. */
import { rename, rm } from 'node:fs/promises';
import { useTool } from './tools.ts';

export interface Signer {
  /** PEM: the certificate with the chain below it, and its key. */
  readonly certificate: string;
  readonly key: string;
  /** Of an authority for times; without one the signature ends with the certificate. */
  readonly timestamp?: string;
}

/** Signs the file in its place. */
export async function sign(root: string, file: string, { certificate, key, timestamp }: Signer): Promise<void> {
  const signed = `${file}.signed`;
  const clock = timestamp === undefined ? [] : ['-ts', timestamp];
  try {
    await useTool(root, 'osslsigncode', [
      ...['sign', '-certs', certificate, '-key', key, '-n', 'Casare Agent', '-h', 'sha256', ...clock],
      ...['-in', file, '-out', signed],
    ]);
    await rename(signed, file);
  } finally {
    await rm(signed, { force: true });
  }
}

/** Whether the file is as it was signed, by whom the authorities in `trusted` (PEM) vouch for. Throws what is wrong. */
export async function verify(root: string, file: string, trusted: string): Promise<void> {
  await useTool(root, 'osslsigncode', ['verify', '-CAfile', trusted, '-in', file]);
}
