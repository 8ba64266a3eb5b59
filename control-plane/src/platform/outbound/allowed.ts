/**
 * What the operator allows beyond the public Internet by https (`CASARE_OUTBOUND_ALLOW`): networks, addresses and names,
 * each with a port if need be, and `http://` before what may be called without TLS.
 */
import type ipaddr from 'ipaddr.js';
import { classOf, parseAddress } from './address-class.ts';

/** Where a call wants to go: a name and the address that it was resolved to, or an address and itself. */
export interface Target {
  readonly plain: boolean;
  /** Lower case, without brackets and without the dot at its end. */
  readonly host: string;
  readonly port: number;
}

/** Why it is refused. */
export type Objection = 'plain' | Exclude<ReturnType<typeof classOf>, 'public'>;

interface Entry {
  readonly plain: boolean;
  readonly port: number | null;
  readonly host: string | null;
  readonly network: { readonly base: ipaddr.IPv4 | ipaddr.IPv6; readonly bits: number; readonly whole: boolean } | null;
}

const ENTRIES = 100;
const NAME = /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/i;

export class OutboundAllowed {
  readonly #entries: readonly Entry[];

  constructor(entries: readonly Entry[] = []) {
    this.#entries = entries;
  }

  /** Reads `10.0.0.0/8, vault.internal:8200, http://127.0.0.1`; null when it is no such list. */
  static parse(text: string): OutboundAllowed | null {
    const entries = text.split(',').map((entry) => readEntry(entry.trim()));
    return entries.length > ENTRIES || entries.includes(null) ? null : new OutboundAllowed(entries as Entry[]);
  }

  /** Why this address of the target must not be called; null when it may. */
  objection(target: Target, address: string): Objection | null {
    const found = classOf(address);
    const listed = this.#entries.filter((entry) => matches(entry, target, address));
    if (target.plain && !listed.some(({ plain }) => plain)) return 'plain';
    if (found === 'public') return null;
    // Only by its own address: nobody means it who lists a network, and a name may be given any address.
    const usable = found === 'metadata' ? listed.filter(({ network }) => network?.whole === true) : listed;
    return usable.length > 0 ? null : found;
  }
}

function readEntry(text: string): Entry | null {
  const plain = text.startsWith('http://');
  const { host, bits, port } = partsOf(plain ? text.slice(7) : text);
  if (port !== null && !(port >= 1 && port <= 65_535)) return null;
  const base = parseAddress(host);
  if (base === null) {
    // What ends in a number would be an address that is badly written.
    const isName = bits === null && NAME.test(host) && !/(^|\.)\d+$/.test(host);
    return isName ? { plain, port, host: host.toLowerCase(), network: null } : null;
  }
  const width = base.kind() === 'ipv4' ? 32 : 128;
  if (bits !== null && !(bits <= width)) return null;
  return { plain, port, host: null, network: { base, bits: bits ?? width, whole: (bits ?? width) === width } };
}

/** `10.0.0.0/8:443`, `name:443`, `[2001:db8::/32]:443`; an IPv6 address with a port stands in brackets. */
function partsOf(text: string): { host: string; bits: number | null; port: number | null } {
  const [, inner, innerPort] = /^\[(.*)\](?::(.*))?$/.exec(text) ?? [];
  const [outer = '', outerPort] = inner === undefined && text.split(':').length === 2 ? text.split(':') : [text];
  const [host = '', bits] = (inner ?? outer).split('/');
  const number = (part: string | undefined) =>
    part === undefined ? null : /^\d{1,5}$/.test(part) ? Number(part) : NaN;
  return { host, bits: number(bits), port: number(innerPort ?? outerPort) };
}

function matches(entry: Entry, target: Target, text: string): boolean {
  if (entry.port !== null && entry.port !== target.port) return false;
  if (entry.network === null) return entry.host === target.host;
  const address = parseAddress(text);
  const { base, bits } = entry.network;
  return address?.kind() === base.kind() && address.match(base, bits);
}
