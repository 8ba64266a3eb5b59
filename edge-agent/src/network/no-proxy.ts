/**
 * Which hosts are reached without the proxy, in the words of NO_PROXY: `*`, a domain with everything below it, an
 * address, a network such as 10.0.0.0/8, each with a port if wanted.
 */
import { BlockList, isIP } from 'node:net';
import { z } from 'zod';
import { hostOf, portOf } from './target.ts';

export const NoProxyEntry = z.string().regex(/^[^\s,]{1,300}$/, 'must be hosts, domains or networks');

/** True when one of the entries names the host of `target`. */
export function leavesOut(entries: readonly string[], target: URL): boolean {
  const host = hostOf(target).toLowerCase().replace(/\.$/, '');
  return entries.some((entry) => names(entry.toLowerCase(), host, portOf(target)));
}

/** This very machine. */
export function isLoopback(target: URL): boolean {
  const host = hostOf(target).toLowerCase();
  return host === 'localhost' || host.endsWith('.localhost') || host === '::1' || /^127\./.test(host);
}

function names(entry: string, host: string, port: number): boolean {
  if (entry === '*') return true;
  if (entry.includes('/')) return inNetwork(entry, host);
  const [, name = '', wanted] = /^(\[[^\]]+\]|[^:]*)(?::(\d+))?$/.exec(entry) ?? [null, entry];
  if (wanted !== undefined && Number(wanted) !== port) return false;
  const bare = name
    .replace(/^\[|\]$/g, '')
    .replace(/^\*?\./, '')
    .replace(/\.$/, '');
  if (bare === '') return false;
  return host === bare || (isIP(host) === 0 && host.endsWith(`.${bare}`));
}

function inNetwork(entry: string, host: string): boolean {
  const family = isIP(host);
  const [network = '', bits = ''] = entry.split('/');
  if (family === 0 || isIP(network) !== family || !/^\d{1,3}$/.test(bits)) return false;
  if (Number(bits) > (family === 4 ? 32 : 128)) return false;
  const kind = family === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(network, Number(bits), kind);
  return list.check(host, kind);
}
