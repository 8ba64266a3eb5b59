/**
 * What kind of address a host is reached by. Public is only what is known to be so: everything else, also what carries
 * another address inside (IPv4-mapped, NAT64, 6to4, Teredo, IPv4-compatible), has to be allowed by the operator.
 */
import ipaddr from 'ipaddr.js';

export type AddressClass = 'public' | 'metadata' | 'loopback' | 'link-local' | 'private' | 'special';

/** Where clouds hand credentials to whoever asks. The first is link-local as well; the others look harmless. */
const METADATA: readonly string[] = [
  '169.254.169.254', // AWS, Azure, Google Cloud, DigitalOcean, OpenStack
  '169.254.170.2', // AWS ECS
  '169.254.170.23', // AWS EKS
  '100.100.100.200', // Alibaba Cloud
  '168.63.129.16', // Azure's host
  '192.0.0.192', // Oracle Cloud
  'fd00:ec2::254', // AWS
  'fd00:ec2::23', // AWS EKS
  'fd20:ce::254', // Google Cloud
].map((address) => ipaddr.parse(address).toNormalizedString());

/** The library takes `::7f00:1` and everything that is not assigned for unicast; the Internet's IPv6 is in this. */
const GLOBAL_IPV6 = ipaddr.parseCIDR('2000::/3') as [ipaddr.IPv6, number];

/** Its class; `special` for what is no address at all. */
export function classOf(text: string): AddressClass {
  const address = parseAddress(text);
  if (address === null) return 'special';
  if (METADATA.includes(address.toNormalizedString())) return 'metadata';
  switch (address.range()) {
    case 'unicast':
      return address instanceof ipaddr.IPv6 && !address.match(GLOBAL_IPV6) ? 'special' : 'public';
    case 'loopback':
    case 'unspecified': // Linux connects to itself.
      return 'loopback';
    case 'linkLocal':
      return 'link-local';
    case 'private':
    case 'uniqueLocal':
    case 'carrierGradeNat':
      return 'private';
    default:
      return 'special';
  }
}

/** Null when it is none. An IPv4 address that is written as an IPv6 one is that IPv4 address: sockets take it so. */
export function parseAddress(text: string): ipaddr.IPv4 | ipaddr.IPv6 | null {
  // One way of writing an address for each kind: the library also takes octal, hexadecimal and short ones.
  const plain = text.replace(/%.*$/, '');
  // It also takes `::127.0.0.1` for the mapped address, which it is not.
  if (plain.includes(':') && plain.includes('.') && !/^::ffff:/i.test(plain)) return null;
  if (!ipaddr.IPv4.isValidFourPartDecimal(plain) && !(plain.includes(':') && ipaddr.IPv6.isValid(plain))) return null;
  return ipaddr.process(plain);
}
