/**
 * What an address leads to, read by the platform's own parser, so that a user before an `@`, odd spellings of numbers,
 * capitals and other scripts lead to what a browser or a client would dial. Everything that is no known way into the
 * network leads nowhere and is refused.
 */
import { isIP } from 'node:net';
import { fileURLToPath } from 'node:url';
import { canonicalName, type Destination } from './host-rules.ts';

/** Schemes that dial a host, and their usual ports. */
const PORTS: Readonly<Record<string, number>> = {
  ...{ http: 80, https: 443, ws: 80, wss: 443, ftp: 21, ftps: 990, sftp: 22, ssh: 22, ldap: 389, ldaps: 636 },
  ...{ smtp: 25, smtps: 465, imap: 143, imaps: 993, pop3: 110, pop3s: 995 },
  ...{ postgres: 5432, postgresql: 5432, mysql: 3306, mariadb: 3306, sqlserver: 1433, mssql: 1433 },
};
/** The longest address that is read. */
const URL_LENGTH = 65_536;

export type Reached =
  /** Nothing outside: an empty page, or one that is in the address itself. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'host'; readonly scheme: string; readonly to: Destination }
  /** A file of the agent's machine. */
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'refused'; readonly why: string };

/** Reads an address. */
export function reachedBy(text: string): Reached {
  const url = text.length <= URL_LENGTH && URL.canParse(text) ? new URL(text) : null;
  if (url === null) return { kind: 'refused', why: 'it is no absolute address' };
  const scheme = url.protocol.slice(0, -1);
  if (text.startsWith('about:') && (text === 'about:blank' || text === 'about:srcdoc')) return { kind: 'nothing' };
  if (scheme === 'data') return { kind: 'nothing' };
  if (scheme === 'blob') return url.pathname.startsWith('blob:') ? noWay(scheme) : ofBlob(url.pathname);
  if (scheme === 'file') return fileOf(url);
  if (!Object.hasOwn(PORTS, scheme)) return noWay(scheme);
  const host = hostOf(url);
  if (host === null) return { kind: 'refused', why: 'it names no host' };
  const port = url.port === '' ? (PORTS[scheme] ?? null) : Number(url.port);
  return { kind: 'host', scheme, to: { host, port } };
}

/** Data that a page of this origin made; of an opaque origin it is in no other's hands. */
function ofBlob(path: string): Reached {
  return path.startsWith('null/') ? { kind: 'nothing' } : reachedBy(path);
}

function fileOf(url: URL): Reached {
  try {
    return { kind: 'file', path: fileURLToPath(url) };
  } catch {
    return { kind: 'refused', why: 'it is no file of this machine' };
  }
}

/** The parser makes hosts canonical for the web's schemes only: others are read as if they were of the web. */
function hostOf(url: URL): string | null {
  const text = `http://${url.hostname}/`;
  if (url.hostname === '' || !URL.canParse(text)) return null;
  const { hostname } = new URL(text);
  const address = hostname.replace(/^\[(.*)\]$/, '$1');
  return isIP(address) === 0 ? canonicalName(hostname) : address;
}

function noWay(scheme: string): Reached {
  return { kind: 'refused', why: `\`${scheme.slice(0, 30)}:\` is no way out that steps have` };
}
