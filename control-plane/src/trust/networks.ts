/** Is an address inside a network? */
import { BlockList, isIP } from 'node:net';

/**
 * True when `address` (as a socket names it) is inside `network` (`10.1.0.0/16`). An IPv4 client of a listener that speaks
 * both is seen as IPv4. False for everything that is no address.
 */
export function isInside(network: string, address: string): boolean {
  const [base = '', bits = ''] = network.split('/');
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').split('%')[0]!;
  const family = isIP(plain);
  if (family === 0 || isIP(base) !== family) return false;
  const type = family === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(base, Number(bits), type);
  return list.check(plain, type);
}
