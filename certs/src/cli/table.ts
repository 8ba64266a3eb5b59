/** Summaries for people: one block of aligned lines per certificate. Nothing of a certificate reaches the terminal raw. */
import type { CertificateSummary } from '../inspect.ts';

/** The certificates as text, ending in a line end. */
export function asTable(summaries: readonly CertificateSummary[]): string {
  return summaries.map((summary) => block(rows(summary))).join('\n');
}

function rows(summary: CertificateSummary): [label: string, value: string][] {
  return [
    ['subject', summary.subject || '(empty)'],
    ['issuer', summary.issuer || '(empty)'],
    ['kind', summary.kind ?? 'not a CA of Casare'],
    ['names', summary.names.join(', ') || '(none)'],
    ['purposes', summary.extendedKeyUsage?.join(', ') ?? 'any'],
    ['valid from', summary.notBefore],
    ['valid to', summary.notAfter],
    ['serial', summary.serial],
    ['key id', summary.keyId ?? '(none)'],
    ['issuer key id', summary.issuerKeyId ?? '(none)'],
    ['pin', summary.pin],
  ];
}

function block(lines: readonly [label: string, value: string][]): string {
  return lines.map(([label, value]) => `${label.padEnd(15)}${literal(value)}\n`).join('');
}

/** Control, format and other invisible characters as `\u{…}`: a name in a certificate cannot steer a terminal. */
function literal(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}
