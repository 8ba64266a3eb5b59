/** How a mail server or a database is verified: by the authorities that Node.js knows, and those of a file. */
import { rootCertificates } from 'node:tls';
import { StepFailure, type StepContext } from '../engine/index.ts';
import { readBytes } from './run-files.ts';

/** The largest file of authorities, bytes. */
const FILE_BYTES = 1_048_576;

/** Options of a TLS connection; verification is never off. */
export interface ServerTrust {
  readonly rejectUnauthorized: true;
  readonly minVersion: 'TLSv1.2';
  readonly ca?: string[];
}

/** @throws StepFailure AUTHORITIES_BROKEN, and those of `openFile` */
export async function serverTrust(context: StepContext, authorities: string | undefined): Promise<ServerTrust> {
  const verified = { rejectUnauthorized: true, minVersion: 'TLSv1.2' } as const;
  if (authorities === undefined) return verified;
  const pem = (await readBytes(context, authorities, FILE_BYTES)).toString('utf8');
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) throw broken(authorities);
  return { ...verified, ca: [...rootCertificates, pem] };
}

/** True for failures of the verification of a server's certificate. */
export function isCertificateFault(code: string): boolean {
  return /^(?:CERT_|ERR_TLS_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_)/.test(code);
}

function broken(name: string): StepFailure {
  return new StepFailure({
    type: 'configuration',
    code: 'AUTHORITIES_BROKEN',
    title: 'The file of authorities holds no certificate',
    detail: `${JSON.stringify(name.slice(0, 200))}: give a PEM file with BEGIN CERTIFICATE.`,
    certain: true,
  });
}
