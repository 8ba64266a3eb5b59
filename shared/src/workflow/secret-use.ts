/**
 * Where a document mentions `$secrets`. The standard allows it in `input.from` only; the engine gives the variable
 * nowhere else, and says so here before anything runs.
 */
import type { Workflow } from './document.ts';
import { allTasks, escapePointer } from './task-list.ts';

export interface SecretUse {
  /** JSON Pointer of the text that holds the expression. */
  readonly path: string;
  /** The secret, or `null` when the expression takes `$secrets` as a whole. */
  readonly name: string | null;
  /** True inside an `input.from`. */
  readonly allowed: boolean;
}

const MENTION = /\$\s*secrets\b(?:\s*\.\s*(?:([A-Za-z_]\w*)|"([^"\\]+)")|\s*\.?\s*\[\s*"([^"\\]+)"\s*\])?/g;
/** Members that hold an expression without `${ }`. */
const EXPRESSION_MEMBERS = new Set(['if', 'in', 'while', 'when', 'exceptWhen', 'from', 'as', 'set']);
/** Members of a task that hold other tasks or no expression. */
const NOT_OWN = new Set(['do', 'try']);

/** Every mention in the document, in the order of the text. */
export function secretUses(document: Workflow): SecretUse[] {
  const { document: head, do: list, use, input, ...rest } = document;
  void [head, list];
  const { functions, ...definitions } = use ?? {};
  void functions;
  return [
    ...mentions(input?.from, '/input/from', 'from', true),
    ...mentions(definitions, '/use', 'use', false),
    ...mentions(rest, '', '', false),
    ...[...allTasks(document)].flatMap(({ task, path }) => [
      ...mentions(task.input?.from, `${path}/input/from`, 'from', true),
      ...mentions(ownMembers(task), path, '', false),
    ]),
  ];
}

/** A task without its `input`, which has its own rule, and without the tasks inside it, which are looked at themselves. */
function ownMembers(task: object): Record<string, unknown> {
  const own = Object.entries(task).filter(([key]) => key !== 'input' && !NOT_OWN.has(key));
  return Object.fromEntries(
    own.map(([key, value]: [string, unknown]) => {
      if (key === 'fork' && isRecord(value)) return [key, without(value, 'branches')];
      if (key === 'catch' && isRecord(value)) return [key, without(value, 'do')];
      return [key, value];
    }),
  );
}

function mentions(value: unknown, path: string, member: string, allowed: boolean): SecretUse[] {
  if (typeof value === 'string') {
    if (!value.includes('${') && !EXPRESSION_MEMBERS.has(member)) return [];
    return [...value.matchAll(MENTION)].map((match) => ({
      path,
      name: match[1] ?? match[2] ?? match[3] ?? null,
      allowed,
    }));
  }
  if (typeof value !== 'object' || value === null) return [];
  const isList = Array.isArray(value);
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) =>
    mentions(inner, `${path}/${escapePointer(key)}`, isList ? member : key, allowed),
  );
}

function without(value: Readonly<Record<string, unknown>>, member: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== member));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
