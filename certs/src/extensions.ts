/**
 * The extensions of a certificate, read from its strict DER tree: there is one reading of these bytes, and reading an
 * agent's certificate at each upgrade costs microseconds. Everything here throws for what is not as X.509 says; the caller
 * turns that into a refusal.
 */
import { AsnConvert } from '@peculiar/asn1-schema';
import { GeneralName } from '@peculiar/asn1-x509';
import { readDer, TAG, type DerNode } from './der.ts';

/** A name of the subject: its ASN.1 choice, and its text where that choice has one. */
export interface SubjectName {
  type: 'uri' | 'dns' | 'ip' | 'email' | 'other';
  value: string;
}

/** One extension. */
export interface ReadExtension {
  critical: boolean;
  /** DER of its value. */
  value: Uint8Array;
}

const MAX_EXTENSIONS = 20;
const MAX_VALUE_BYTES = 8_192;
const BOOLEAN = 0x01;
const OCTET_STRING = 0x04;
/** The implicit tags of a GeneralName. */
const NAMES: Readonly<Record<number, SubjectName['type']>> = { 0x81: 'email', 0x82: 'dns', 0x86: 'uri', 0x87: 'ip' };
const OTHER_NAMES = [0xa0, 0xa3, 0xa4, 0xa5, 0x88];
/** By bit number (RFC 5280 section 4.2.1.3). */
const USAGES = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'crlSign',
  'encipherOnly',
  'decipherOnly',
];

/** Extensions by object identifier; `rest` is what follows the public key. Throws when one stands twice. */
export function readExtensionList(rest: readonly DerNode[]): ReadonlyMap<string, ReadExtension> {
  const last = rest.at(-1);
  const list = last?.tag === 0xa3 ? only(last, TAG.sequence).children : [];
  const before = last?.tag === 0xa3 ? rest.slice(0, -1) : rest;
  const unique = before.map((node) => node.tag);
  must(unique.length === 0 || /^(129|130|129,130)$/.test(unique.join()));
  must(list.length <= MAX_EXTENSIONS && (last?.tag !== 0xa3 || list.length > 0));
  const extensions = new Map<string, ReadExtension>();
  for (const node of list) {
    const [id, second, third] = of(node, TAG.sequence).children;
    const flagged = node.children.length === 3;
    must(id !== undefined && (node.children.length === 2 || flagged));
    const value = of(flagged ? third : second, OCTET_STRING).content;
    // DER leaves a default out: a flag that is there is TRUE.
    must(!flagged || isTrue(of(second, BOOLEAN)));
    const oid = objectIdentifier(of(id, TAG.oid).content);
    must(!extensions.has(oid));
    extensions.set(oid, { critical: flagged, value });
  }
  return extensions;
}

export function readBasicConstraints(value: Uint8Array): { ca: boolean; pathLength: number | null } {
  const { children } = tree(value, TAG.sequence);
  const ca = children[0]?.tag === BOOLEAN;
  const [length, ...more] = ca ? children.slice(1) : children;
  must(more.length === 0 && (!ca || isTrue(children[0]!)));
  return { ca, pathLength: length === undefined ? null : smallInteger(of(length, TAG.integer).content) };
}

/** In alphabetical order. */
export function readKeyUsage(value: Uint8Array): string[] {
  const { content } = tree(value, TAG.bitString);
  const unused = content[0]!;
  must(content.length >= 1 && content.length <= 3 && unused < 8 && (content.length > 1 || unused === 0));
  // DER: the unused bits are zero, and of a named list the last bit is set.
  must(content.length === 1 || (content.at(-1)! & ((1 << (unused + 1)) - 1)) === 1 << unused);
  const isSet = (bit: number): boolean => ((content[1 + (bit >> 3)] ?? 0) & (0x80 >> (bit & 7))) !== 0;
  for (let bit = USAGES.length; bit < (content.length - 1) * 8; bit++) must(!isSet(bit));
  return USAGES.filter((_, bit) => isSet(bit)).toSorted();
}

/** Object identifiers. */
export function readExtendedKeyUsage(value: Uint8Array): string[] {
  const { children } = tree(value, TAG.sequence);
  return children.map((node) => objectIdentifier(of(node, TAG.oid).content));
}

export function readAlternativeNames(value: Uint8Array): SubjectName[] {
  const { children } = tree(value, TAG.sequence);
  must(children.length > 0);
  return children.map(({ tag, content, raw }) => {
    const type = NAMES[tag];
    if (type === 'ip') return { type, value: AsnConvert.parse(raw, GeneralName).iPAddress ?? '' };
    if (type !== undefined) return { type, value: Buffer.from(content).toString('latin1') };
    must(OTHER_NAMES.includes(tag));
    return { type: 'other', value: '' };
  });
}

/** Hex. */
export function readSubjectKeyId(value: Uint8Array): string {
  return hex(tree(value, OCTET_STRING).content);
}

/** Hex; null when the issuer is named in another way only. */
export function readAuthorityKeyId(value: Uint8Array): string | null {
  const { children } = tree(value, TAG.sequence);
  const tags = children.map((node) => node.tag);
  must([0x80, 0xa1, 0x82].filter((tag) => tags.includes(tag)).join() === tags.join());
  return tags[0] === 0x80 ? hex(children[0]!.content) : null;
}

function tree(value: Uint8Array, tag: number): DerNode {
  const read = readDer(value, MAX_VALUE_BYTES);
  if (!read.ok) throw new Error(read.message);
  return of(read.value, tag);
}

function of(node: DerNode | undefined, tag: number): DerNode {
  must(node?.tag === tag);
  return node;
}

function only(node: DerNode, tag: number): DerNode {
  must(node.children.length === 1);
  return of(node.children[0], tag);
}

function isTrue({ content }: DerNode): boolean {
  return content.length === 1 && content[0] === 0xff;
}

/** The dotted form. Each arc is minimal and fits a safe integer. */
function objectIdentifier(content: Uint8Array): string {
  const arcs: number[] = [];
  let [arc, begun] = [0, false];
  for (const octet of content) {
    must(begun || octet !== 0x80);
    arc = arc * 128 + (octet & 0x7f);
    must(Number.isSafeInteger(arc));
    begun = octet >= 0x80;
    if (begun) continue;
    arcs.push(arc);
    arc = 0;
  }
  must(!begun && arcs.length > 0);
  const first = Math.min(2, Math.floor(arcs[0]! / 40));
  return [first, arcs[0]! - first * 40, ...arcs.slice(1)].join('.');
}

/** A path length: not negative, one or two octets. */
function smallInteger(content: Uint8Array): number {
  const [first = 0x80, second] = content;
  must(content.length <= 2 && first < 0x80 && (second === undefined || first !== 0 || second >= 0x80));
  return second === undefined ? first : first * 256 + second;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function must(condition: boolean): asserts condition {
  if (!condition) throw new Error('not as X.509 says');
}
