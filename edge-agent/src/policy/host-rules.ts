/**
 * Rules about hosts, as `domains` of the policy writes them: `portal.example.com`, `*.example.com` (names below it, not
 * itself), `*`, an address or range (`10.0.0.0/8`, `[fd00::]/8`), each with `:port` where only that port is meant.
 *
 * Names are compared in ASCII (punycode), lower case, without the final dot. A range in `allow` opens addresses written
 * as such; in `forbid` it also closes what a name resolves to.
 */
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { AddressRange, facesOf, guardOf, isRange } from './addresses.ts';

/** A host and port that somebody wants to reach. */
export interface Destination {
  /** ASCII name without a final dot, or an address without brackets. */
  readonly host: string;
  /** Null where the scheme has no usual one and none is given. */
  readonly port: number | null;
}

/** One line of `allow` or `forbid`. */
export interface HostRule {
  /** The text, as it was written. */
  readonly text: string;
  readonly port: number | null;
  readonly range: AddressRange | null;
  /** `*`, a name, or a name that begins with `*.`; null for a range. */
  readonly name: string | null;
}

/** Reads a rule; null when it is none. */
export function readHostRule(text: string): HostRule | null {
  const [, bracketed, bare, prefix, portText] =
    /^(?:\[([^\]]+)\]|([^[\]/]*?))(\/\d{1,3})?(?::(\d{1,5}))?$/.exec(text) ?? [];
  // an IPv6 range may stand without brackets, and then has no port
  const wide = isRange(text) ? text : null;
  const host = bracketed ?? bare;
  const port = wide === null && portText !== undefined ? Number(portText) : null;
  if (port !== null && (port < 1 || port > 65_535)) return null;
  const range = wide ?? (host === undefined ? null : `${host}${prefix ?? ''}`);
  if (range !== null && isRange(range)) return { text, port, range: new AddressRange(range), name: null };
  if (bare === undefined || prefix !== undefined) return null;
  const name = readName(bare);
  return name === null ? null : { text, port, range: null, name };
}

/** The ASCII form of a name or of `*.name`; null when it is neither. */
function readName(text: string): string | null {
  if (text === '*') return text;
  const below = text.startsWith('*.');
  const name = canonicalName(below ? text.slice(2) : text);
  if (name === null || isIP(name) !== 0) return null;
  return below ? `*.${name}` : name;
}

/** Lower case, punycode, no final dot; null for what is no host name. */
export function canonicalName(text: string): string | null {
  const name = domainToASCII(text.replace(/\.$/, ''));
  return /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*$/.test(name)
    ? name
    : null;
}

/** True when the rule means this host and port, by its name or its address as written. */
export function ruleMeans(rule: HostRule, { host, port }: Destination): boolean {
  if (rule.port !== null && rule.port !== port) return false;
  if (rule.range !== null) return isIP(host) !== 0 && rule.range.holds(facesOf(host)[0]!);
  if (rule.name === '*') return true;
  if (rule.name?.startsWith('*.')) return host.endsWith(rule.name.slice(1)) && host.length > rule.name.length - 1;
  return rule.name === host;
}

/** A ranged rule that holds one of the addresses, for this port. */
function rangeHolds(rule: HostRule, addresses: readonly string[], port: number | null): boolean {
  if (rule.range === null || (rule.port !== null && rule.port !== port)) return false;
  return addresses.flatMap(facesOf).some((address) => rule.range!.holds(address));
}

/** The two lists of the policy; `allow` is null where it opens everything. */
export interface HostRules {
  readonly allow: readonly HostRule[] | null;
  readonly forbid: readonly HostRule[];
}

/** Why a destination is refused: `rule` names the line of `forbid`, where there is one. */
export interface HostRefusal {
  readonly why: 'forbidden' | 'not allowed' | 'metadata' | 'loopback' | 'nowhere';
  readonly rule?: string;
  /** The address that a name resolved to. */
  readonly address?: string;
}

/** Judges a destination by what is written; null when nothing is against it so far. */
export function judgeName(rules: HostRules, to: Destination): HostRefusal | null {
  const forbidden = rules.forbid.find(
    (rule) => ruleMeans(rule, to) || (isIP(to.host) !== 0 && rangeHolds(rule, [to.host], to.port)),
  );
  if (forbidden !== undefined) return { why: 'forbidden', rule: forbidden.text };
  if (rules.allow !== null && !rules.allow.some((rule) => ruleMeans(rule, to))) return { why: 'not allowed' };
  return isIP(to.host) === 0 ? null : judgeAddresses(rules, to, [to.host]);
}

/** Judges what a name that passed `judgeName` resolves to. */
export function judgeAddresses(rules: HostRules, to: Destination, addresses: readonly string[]): HostRefusal | null {
  for (const address of addresses) {
    const forbidden = rules.forbid.find((rule) => rangeHolds(rule, [address], to.port));
    if (forbidden !== undefined) return { why: 'forbidden', rule: forbidden.text, address };
    if (isOpened(rules, to, address)) continue;
    const guard = facesOf(address)
      .map(guardOf)
      .find((found) => found !== null);
    // Without a list of what is allowed this very machine stays open, as it is without a policy.
    if (guard === 'metadata' || (guard != null && rules.allow !== null)) return { why: guard, address };
  }
  return null;
}

/** A guarded address is opened by a range that holds it; this machine also by the name `localhost`. */
function isOpened({ allow }: HostRules, to: Destination, address: string): boolean {
  const named = (allow ?? []).filter((rule) => rule.range !== null || rule.name === 'localhost');
  return named.some(
    (rule) =>
      rangeHolds(rule, [address], to.port) ||
      (rule.name === to.host && facesOf(address).some((face) => guardOf(face) === 'loopback')),
  );
}
