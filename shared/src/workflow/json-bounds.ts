/** Bounds on a document as a value, checked before any schema goes into it. Aliases of YAML can make it a graph. */
import { escapePointer } from './task-list.ts';
import type { Finding } from './problem.ts';

/** How deep objects and lists may nest. */
export const MAX_DEPTH = 64;
/** How many values (texts, numbers, lists, objects) a document may hold once its aliases are written out. */
export const MAX_VALUES = 200_000;

/** The first thing that makes `value` no bounded JSON value, or `null`. Never recurses: the depth is not known yet. */
export function boundsFinding(value: unknown): Finding | null {
  const open: { value: unknown; path: string; depth: number }[] = [{ value, path: '', depth: 1 }];
  for (let seen = 1; open.length > 0; seen += 1) {
    const { value: current, path, depth } = open.pop()!;
    if (seen > MAX_VALUES) return finding('', `the document holds more than ${MAX_VALUES} values`);
    const fault = scalarFault(current);
    if (fault !== null) return finding(path, fault);
    if (typeof current !== 'object' || current === null) continue;
    if (depth > MAX_DEPTH) return finding(path, `nesting is deeper than ${MAX_DEPTH} levels`);
    const entries = Object.entries(current);
    if (entries.length + open.length > MAX_VALUES)
      return finding(path, `the document holds more than ${MAX_VALUES} values`);
    for (const [key, inner] of entries) {
      const innerPath = `${path}/${escapePointer(key)}`;
      if (key === '__proto__') return { ...finding(innerPath, '`__proto__` cannot be a name'), at: 'key' };
      open.push({ value: inner, path: innerPath, depth: depth + 1 });
    }
  }
  return null;
}

function finding(path: string, message: string): Finding {
  return { path, at: 'value', message };
}

function scalarFault(value: unknown): string | null {
  if (typeof value === 'number' && !Number.isFinite(value)) return 'expected a number that JSON can hold';
  if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return null;
  if (Array.isArray(value)) return null;
  const prototype: unknown = typeof value === 'object' ? Object.getPrototypeOf(value) : undefined;
  return prototype === Object.prototype || prototype === null ? null : 'expected a JSON value';
}
