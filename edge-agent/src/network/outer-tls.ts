/**
 * The outer TLS: of a proxy that is itself reached over TLS, and of a carrier. It is verified by the public roots, by
 * a company's own and, on request, by the operating system's. It never decides who the control plane is: that is the
 * inner TLS alone, with the roots of the enrolment.
 */
import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { isIP } from 'node:net';
import { type ConnectionOptions, getCACertificates } from 'node:tls';
import { codeOf, Fault } from '../fault.ts';

const CA_FILE_BYTES = 1_048_576;

/** Settings for `host`. Throws CA_FILE_UNREADABLE. */
export function outerTls(host: string, caFile: string | null, systemCa: boolean): ConnectionOptions {
  return {
    host,
    servername: isIP(host) === 0 ? host : '',
    ca: [
      ...getCACertificates('default'),
      ...(caFile === null ? [] : certificatesOf(caFile)),
      ...(systemCa ? getCACertificates('system') : []),
    ],
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['http/1.1'],
  };
}

/** The certificates of a PEM file, at least one. Throws CA_FILE_UNREADABLE. */
export function certificatesOf(file: string): string[] {
  const unreadable = (why: string): Fault =>
    new Fault(
      'CA_FILE_UNREADABLE',
      `the certificates in ${file} cannot be used (${why}): give a PEM file by --ca-file`,
    );
  let text: string;
  try {
    if (statSync(file).size > CA_FILE_BYTES) throw unreadable('more than 1 MiB');
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw error instanceof Fault ? error : unreadable(codeOf(error) || 'unknown');
  }
  const found = text.match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]*-----END CERTIFICATE-----/g) ?? [];
  if (found.length === 0) throw unreadable('there is none in it');
  if (!found.every(isCertificate)) throw unreadable('one of them is damaged');
  return found;
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}
