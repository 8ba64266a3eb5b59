/**
 * The header of the PROXY protocol, versions 1 and 2 (HAProxy's proxy-protocol.txt), by which a balancer in front says
 * whose connection it passes on. Strict and bounded: what is not exactly a header is refused.
 */
import { isIPv4, isIPv6, SocketAddress } from 'node:net';
import type { ClientAddress } from './client-address.ts';

export type HeaderRead =
  | { readonly state: 'more' }
  /** `length` bytes are the header. `client` is null when it names nobody: a balancer's own check, or an unknown family. */
  | { readonly state: 'read'; readonly length: number; readonly client: ClientAddress | null }
  | { readonly state: 'malformed'; readonly why: string };

const V1_BYTES = 107;
/** Of version 2, with its extensions. */
export const PROXY_HEADER_BYTES = 2_048;
const V1_START = Buffer.from('PROXY ');
const V2_START = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const V2_FIXED = 16;
const LOCAL = 0x20;
const PROXY = 0x21;
const MORE = { state: 'more' } as const;

/** For one's own connection: it names nobody. */
export const LOCAL_HEADER = Buffer.concat([V2_START, Buffer.from([LOCAL, 0, 0, 0])]);

/** Reads the header at the start of `bytes`, all that has come so far. */
export function readProxyHeader(bytes: Buffer): HeaderRead {
  if (startsLike(bytes, V1_START)) return bytes.length < V1_START.length ? MORE : readText(bytes);
  if (startsLike(bytes, V2_START)) return bytes.length < V2_FIXED ? MORE : readBinary(bytes);
  return malformed('no PROXY header');
}

function readText(bytes: Buffer): HeaderRead {
  const end = bytes.subarray(0, V1_BYTES).indexOf('\n');
  if (end === -1) return bytes.length < V1_BYTES ? MORE : malformed('a PROXY line longer than 107 bytes');
  const line = bytes.toString('latin1', 0, end + 1);
  if (/^PROXY UNKNOWN(?: [\x20-\x7e]*)?\r\n$/.test(line)) return { state: 'read', length: end + 1, client: null };
  const [, family, source = '', target = '', port, targetPort] =
    /^PROXY TCP([46]) ([0-9a-f:.]+) ([0-9a-f:.]+) (0|[1-9]\d{0,4}) (0|[1-9]\d{0,4})\r\n$/i.exec(line) ?? [];
  const isAddress = family === '4' ? isIPv4 : isIPv6;
  if (!isAddress(source) || !isAddress(target) || Number(port) > 65_535 || Number(targetPort) > 65_535) {
    return malformed('a PROXY line that is none');
  }
  return { state: 'read', length: end + 1, client: { address: canonical(source), port: Number(port) } };
}

/** Bytes of the addresses for each family that a TCP connection can have. */
const FAMILIES: Readonly<Record<number, number>> = { 0x00: 0, 0x11: 12, 0x21: 36, 0x31: 216 };

function readBinary(bytes: Buffer): HeaderRead {
  const [command, family] = [bytes[12]!, bytes[13]!];
  const rest = bytes.readUInt16BE(14);
  const length = V2_FIXED + rest;
  if (command !== LOCAL && command !== PROXY) return malformed('a PROXY header of another version or command');
  if (length > PROXY_HEADER_BYTES) return malformed(`a PROXY header longer than ${PROXY_HEADER_BYTES} bytes`);
  if (bytes.length < length) return MORE;
  // A balancer's own connection: whatever addresses follow mean nothing.
  if (command === LOCAL) return { state: 'read', length, client: null };
  const needed = FAMILIES[family];
  if (needed === undefined || rest < needed) return malformed('a PROXY header whose addresses cannot be read');
  return { state: 'read', length, client: binaryClient(bytes.subarray(V2_FIXED), family) };
}

function binaryClient(addresses: Buffer, family: number): ClientAddress | null {
  if (family === 0x11) return { address: [...addresses.subarray(0, 4)].join('.'), port: addresses.readUInt16BE(8) };
  if (family !== 0x21) return null;
  const groups = Array.from({ length: 8 }, (_, n) => addresses.readUInt16BE(2 * n).toString(16));
  return { address: canonical(groups.join(':')), port: addresses.readUInt16BE(32) };
}

/** One spelling for each address. */
function canonical(address: string): string {
  return new SocketAddress({ address, family: isIPv4(address) ? 'ipv4' : 'ipv6' }).address;
}

function startsLike(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length);
  return bytes.subarray(0, length).equals(start.subarray(0, length));
}

function malformed(why: string): HeaderRead {
  return { state: 'malformed', why };
}
