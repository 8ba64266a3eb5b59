/**
 * Internet addresses as rules see them. One address has many spellings: text is made canonical first, and an IPv6 address
 * that carries an IPv4 one (mapped, translated, 6to4) is also judged as that one.
 */
import { BlockList, isIP } from 'node:net';

/** Addresses of the machine itself. */
const LOOPBACK = ['127.0.0.0/8', '::1/128'];
/** Where nobody may be meant: unspecified, multicast, broadcast. */
const NOWHERE = ['0.0.0.0/8', '::/128', '224.0.0.0/4', '255.255.255.255/32', 'ff00::/8'];
/** Link-local addresses, and others under which clouds give a machine its own credentials. */
const METADATA = [
  ...['169.254.0.0/16', 'fe80::/10'],
  // Alibaba, Azure; Amazon, Google, Oracle in IPv6
  ...['100.100.100.200/32', '168.63.129.16/32', 'fd00:ec2::/32', 'fd20:ce::/32', 'fd00:c1::a9fe:a9fe/128'],
];

/** A range of addresses; also one address. */
export class AddressRange {
  readonly #list = new BlockList();

  /** `text` is one that `isRange` takes. */
  constructor(text: string) {
    const [address = '', prefix] = text.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    this.#list.addSubnet(address, prefix === undefined ? (family === 'ipv6' ? 128 : 32) : Number(prefix), family);
  }

  holds(address: string): boolean {
    return this.#list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }
}

/** An address, or an address with the length of its prefix. */
export function isRange(text: string): boolean {
  const [address = '', prefix, more] = text.split('/');
  const family = isIP(address);
  if (family === 0 || address.includes('%') || more !== undefined) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 6 ? 128 : 32));
}

/** Why an address is guarded: a rule has to name it, or a range around it, before a job may go there. Null: it is not. */
export function guardOf(address: string): 'metadata' | 'loopback' | 'nowhere' | null {
  if (guards.metadata.some((range) => range.holds(address))) return 'metadata';
  if (guards.loopback.some((range) => range.holds(address))) return 'loopback';
  return guards.nowhere.some((range) => range.holds(address)) ? 'nowhere' : null;
}

const guards = {
  metadata: METADATA.map((text) => new AddressRange(text)),
  loopback: LOOPBACK.map((text) => new AddressRange(text)),
  nowhere: NOWHERE.map((text) => new AddressRange(text)),
};

/** The address and the IPv4 address that an IPv6 one carries; a mapped one is nothing but that IPv4 address. */
export function facesOf(address: string): string[] {
  const text = address.replace(/%.*$/, '');
  const words = isIP(text) === 6 ? wordsOf(text) : null;
  if (words === null) return [text];
  const [a, b, c] = words;
  const start = words.slice(0, 5).every((word) => word === 0);
  if (start && words[5] === 0xffff) return [dotted(words[6], words[7])];
  // ::ffff:0:a.b.c.d, as stateless translators write it
  if (words.slice(0, 4).every((word) => word === 0) && words[4] === 0xffff && words[5] === 0) {
    return [text, dotted(words[6], words[7])];
  }
  // ::a.b.c.d, which nobody uses any more
  if (start && words[5] === 0 && (words[6] ?? 0) !== 0) return [text, dotted(words[6], words[7])];
  if (a === 0x64 && b === 0xff9b) return [text, dotted(words[6], words[7])];
  return a === 0x2002 ? [text, dotted(b, c)] : [text];
}

/** The eight words of an IPv6 address in any spelling. */
function wordsOf(address: string): number[] {
  // The platform's parser writes the shortest hexadecimal form, without dots.
  const canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [head = '', tail] = canonical.split('::');
  const words = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((word) => Number.parseInt(word, 16));
  if (tail === undefined) return words(head);
  const [left, right] = [words(head), words(tail)];
  return [...left, ...Array.from({ length: 8 - left.length - right.length }, () => 0), ...right];
}

function dotted(high = 0, low = 0): string {
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
}
