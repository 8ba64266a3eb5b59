/** The check of names: each host that is dialled, by the resolvers of this machine, with its addresses of both kinds. */
import { lookup } from 'node:dns/promises';
import { getServers } from 'node:dns';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { codeOf, describe } from '../fault.ts';
import { type AgentHome, readIdentity } from '../identity/index.ts';
import { firstHost } from '../network/index.ts';
import { type Check, finding, ok } from './check.ts';

/** An address that is routed beyond this machine and its links. */
const GLOBAL_V6 = /^[23]/;

/** Resolves the hosts of tunnel and enrolment, or of the proxy or carrier before them. */
export async function checkNames(home: AgentHome): Promise<Check[]> {
  const { tunnelUrl, enrolUrl } = readIdentity(home);
  const hosts = new Set([tunnelUrl, enrolUrl].map((url) => firstHost(home.network, new URL(url))));
  const checks = await Promise.all([...hosts].map((host) => checkName(host, hasGlobalV6())));
  const wrong = checks.filter(({ result }) => result !== 'ok');
  if (wrong.length > 0) return wrong;
  return [ok('resolution', checks.map(({ found }) => found).join('; '))];
}

/** One name. */
export async function checkName(host: string, hasV6: boolean): Promise<Check> {
  if (isIP(host) !== 0) return ok('resolution', `${host} is an address`);
  const by = `by ${getServers().join(', ') || 'no resolver'}`;
  try {
    const found = await lookup(host, { all: true, order: 'verbatim' });
    return judge(host, found, by, hasV6);
  } catch (error) {
    return finding('resolution', 'DNS_UNRESOLVED', `${host} is not known (${codeOf(error) || describe(error)}) ${by}`);
  }
}

function judge(host: string, found: readonly { address: string; family: number }[], by: string, hasV6: boolean): Check {
  const text = `${host} is ${found.map(({ address }) => address).join(', ')} ${by}`;
  const only = found.every(({ family }) => family === 6) && !found.some(({ address }) => address === '::1');
  return only && !hasV6 ? finding('resolution', 'DNS_ONLY_V6', text) : ok('resolution', text);
}

function hasGlobalV6(): boolean {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .some(({ family, address }) => family === 'IPv6' && GLOBAL_V6.test(address));
}
