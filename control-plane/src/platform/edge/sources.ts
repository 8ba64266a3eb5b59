/** A list of addresses and networks, such as that of the balancers which may say whose connection they pass on. */
import { BlockList, isIP } from 'node:net';

/** Entries of a list. */
const SOURCES_LIMIT = 100;

export interface Sources {
  has(address: string): boolean;
}

/** Reads `10.0.0.0/8, 2001:db8::1`; null when it is no such list. */
export function parseSources(text: string): Sources | null {
  const entries = text.split(',').map((entry) => entry.trim());
  if (entries.length > SOURCES_LIMIT) return null;
  const list = new BlockList();
  for (const entry of entries) {
    const [, address = '', prefix] = /^([0-9a-f:.]+)(?:\/(0|[1-9]\d{0,2}))?$/i.exec(entry) ?? [];
    const version = isIP(address);
    const bits = version === 4 ? 32 : 128;
    const length = prefix === undefined ? bits : Number(prefix);
    if (version === 0 || length > bits) return null;
    list.addSubnet(address, length, version === 4 ? 'ipv4' : 'ipv6');
  }
  return { has: (address) => isListed(list, address) };
}

function isListed(list: BlockList, address: string): boolean {
  // A socket for both versions shows an IPv4 peer as ::ffff:192.0.2.1.
  const plain = address.replace(/^::ffff:(?=[\d.]+$)/i, '').replace(/%.*$/, '');
  const version = isIP(plain);
  return version !== 0 && list.check(plain, version === 4 ? 'ipv4' : 'ipv6');
}
