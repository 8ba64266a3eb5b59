/** The digest of a document: of its content, so that comments, layout, key order and short forms make no difference. */
import type { Workflow } from '@casare/shared/workflow';
import { createHash } from 'node:crypto';

/** SHA-256 (hex) of the normalised document's JSON with sorted keys (`jsonb` keeps no order of keys). */
export function digestOf(document: Workflow): string {
  return createHash('sha256').update(JSON.stringify(document, sortKeys)).digest('hex');
}

function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
