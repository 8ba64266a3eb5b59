/**
 * Turns what zod says about a value into findings a person can act on: unknown names get a suggestion, a union speaks
 * only through the alternative that was most likely meant, and an expression stands for a value of any type.
 */
import { z } from 'zod';
import { isTemplate } from './duration.ts';
import { type Finding, MAX_PROBLEMS, unknown } from './problem.ts';
import { escapePointer } from './task-list.ts';

type Issue = z.core.$ZodIssue;
type Key = string | number;

/** Where findings go and what is let through. */
interface Scope {
  readonly root: unknown;
  readonly base: string;
  /** `${ ... }` is taken for any value: what it yields is checked when it is evaluated. */
  readonly expressions: boolean;
}

/** What `schema` finds wrong with `value`, which stands at JSON Pointer `base`. Empty when nothing. */
export function schemaFindings(schema: z.ZodType, value: unknown, base: string, expressions = false): Finding[] {
  const result = schema.safeParse(value, { error: knownKeysOf });
  if (result.success) return [];
  const scope: Scope = { root: value, base, expressions };
  const findings: Finding[] = [];
  // A rule about the whole object says little while a name in it is wrong.
  const misnamed = new Set(
    result.error.issues.flatMap(({ code, path }) => (code === 'unrecognized_keys' ? path.join('/') : [])),
  );
  for (const issue of result.error.issues) {
    if (findings.length >= MAX_PROBLEMS) break;
    if (issue.code === 'custom' && misnamed.has(issue.path.join('/'))) continue;
    findings.push(...findingsOf(issue, [], scope).slice(0, MAX_PROBLEMS));
  }
  return findings;
}

/**
 * The message of an `unrecognized_keys` issue is the list of keys that the schema knows: zod drops the schema from its
 * issues, and this is the one place where it can still be asked. Such a message is never shown.
 */
function knownKeysOf(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code !== 'unrecognized_keys' || !(issue.inst instanceof z.ZodObject)) return undefined;
  return Object.keys(issue.inst.shape).join(' ');
}

function findingsOf(issue: Issue, prefix: readonly Key[], scope: Scope): Finding[] {
  const path = [...prefix, ...issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key))];
  if (scope.expressions && isUnderExpression(scope.root, path)) return [];
  const value = valueAt(scope.root, path);
  if (issue.code === 'unrecognized_keys') return unknownKeys(issue.keys, knownKeys(issue), path, scope);
  if (value === undefined) return [finding(path, `\`${String(path.at(-1) ?? 'document')}\` is missing`, scope)];
  if (issue.code === 'invalid_union') return unionFindings(issue, value, path, scope);
  if (issue.code === 'invalid_type')
    return [finding(path, `expected ${TYPE_NAMES[issue.expected] ?? issue.expected}, found ${describe(value)}`, scope)];
  if (issue.code === 'invalid_value') return [notAllowed(issue.values.map(String), value, path, scope)];
  return [finding(path, issue.message, scope)];
}

function unknownKeys(keys: readonly string[], known: readonly string[], path: readonly Key[], scope: Scope): Finding[] {
  // Each costs a comparison with every known key, and a hostile object has thousands.
  return keys
    .slice(0, MAX_PROBLEMS)
    .map((key) => unknown(pointer([...path, key], scope), 'key', `there is no \`${key}\` here`, key, known));
}

function notAllowed(allowed: readonly string[], value: unknown, path: readonly Key[], scope: Scope): Finding {
  const choice = allowed.map((word) => `\`${word}\``).join(', ');
  const sentence = `expected ${allowed.length > 1 ? 'one of ' : ''}${choice}, found ${typeof value === 'string' ? `\`${value.slice(0, 100)}\`` : describe(value)}`;
  return unknown(pointer(path, scope), 'value', sentence, typeof value === 'string' ? value : '', allowed);
}

/** One alternative that finds nothing wrong (its complaints are about expressions) is enough. */
function unionFindings(
  issue: z.core.$ZodIssueInvalidUnion,
  value: unknown,
  path: readonly Key[],
  scope: Scope,
): Finding[] {
  const options = issue.errors.map((issues) => ({
    issues,
    findings: issues.flatMap((inner) => findingsOf(inner, path, scope)),
    recognised: recognisedKeys(issues, value),
  }));
  if (options.some((option) => option.findings.length === 0)) return [];
  const fitting = options.filter((option) => !option.issues.some(isRootType));
  if (fitting.length === 0) {
    const expected = options.flatMap((option) =>
      option.issues.filter(isRootType).map((inner) => TYPE_NAMES[inner.expected] ?? inner.expected),
    );
    return [finding(path, `expected ${[...new Set(expected)].join(' or ')}, found ${describe(value)}`, scope)];
  }
  const best = fitting.reduce((a, b) =>
    b.recognised > a.recognised || (b.recognised === a.recognised && b.findings.length < a.findings.length) ? b : a,
  );
  if (best.recognised > 0 || !isRecord(value)) return best.findings;
  // No alternative knows any of the keys: name them all against everything that is known.
  const known = fitting.flatMap((option) =>
    option.issues.flatMap((inner) => (inner.path.length === 0 ? knownKeys(inner) : [])),
  );
  const keys = Object.keys(value);
  return keys.length === 0 ? best.findings : unknownKeys(keys, known, path, scope);
}

function isRootType(issue: Issue): issue is z.core.$ZodIssueInvalidType {
  return issue.code === 'invalid_type' && issue.path.length === 0;
}

/** How many of the value's own keys an alternative knows. */
function recognisedKeys(issues: readonly Issue[], value: unknown): number {
  if (!isRecord(value)) return 0;
  const strange = issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' && issue.path.length === 0 ? issue.keys : [],
  );
  return Object.keys(value).length - strange.length;
}

function knownKeys(issue: Issue): string[] {
  return issue.code === 'unrecognized_keys' ? issue.message.split(' ') : [];
}

function finding(path: readonly Key[], message: string, scope: Scope): Finding {
  return { path: pointer(path, scope), at: 'value', message };
}

function pointer(path: readonly Key[], scope: Scope): string {
  return scope.base + path.map((key) => `/${escapePointer(String(key))}`).join('');
}

function isUnderExpression(root: unknown, path: readonly Key[]): boolean {
  return (
    path.some((_, index) => isTemplateValue(valueAt(root, path.slice(0, index)))) ||
    isTemplateValue(valueAt(root, path))
  );
}

function isTemplateValue(value: unknown): boolean {
  return typeof value === 'string' && isTemplate(value);
}

function valueAt(root: unknown, path: readonly Key[]): unknown {
  return path.reduce<unknown>((value, key) => {
    if (Array.isArray(value)) return (value as unknown[])[Number(key)];
    return isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  }, root);
}

function isRecord(value: unknown): value is Record<Key, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: '`true` or `false`',
  object: 'an object',
  record: 'an object',
  array: 'a list',
  null: 'nothing (`null`)',
};

/** What a value is, in words: never the value itself, which may be long or secret. */
function describe(value: unknown): string {
  if (value === null) return 'nothing (`null`)';
  if (Array.isArray(value)) return 'a list';
  return (
    { string: 'a text', number: 'a number', boolean: '`true` or `false`', object: 'an object' }[
      typeof value as string
    ] ?? typeof value
  );
}
