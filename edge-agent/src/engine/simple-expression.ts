/**
 * Trivial jq programs evaluated without jq: `.`, `.a.b`, `.a[0]`, `.["a b"]`, `$context.x` and JSON literals. They are
 * most of what documents contain, and a round trip to the jq worker costs a thousand times more.
 *
 * Invariant: the result, and whether there is one, equals that of jq 1.8.2 (a property test compares them). Anything
 * not understood here is `null`: the caller asks jq.
 */
import type { Json } from '@casare/shared/workflow';

/** A program understood: where it starts, and the steps from there. */
export type SimpleExpression =
  | { readonly from: 'literal'; readonly value: Json }
  | { readonly from: 'input'; readonly path: readonly (string | number)[] }
  | { readonly from: 'variable'; readonly name: string; readonly path: readonly (string | number)[] };

const LITERAL = /^(?:null|true|false|-?(?:0|[1-9]\d{0,14})(?:\.\d{1,10})?|"(?:[^"\\\u0000-\u001f]|\\["/bfnrt])*")$/;
const START = /^(?:\$([A-Za-z_]\w*)|\.(?=$|[\s[A-Za-z_]))/;
const STEP = /^(?:\.?([A-Za-z_]\w*)|\.?\[(?:(\d{1,9})|("[^"\\\u0000-\u001f]*"))\])/;

/** The program as a simple expression, or `null` when only jq can tell. */
export function parseSimple(program: string): SimpleExpression | null {
  const text = program.trim();
  if (LITERAL.test(text)) return { from: 'literal', value: JSON.parse(text) as Json };
  const start = START.exec(text);
  if (start === null || start[1]?.startsWith('__') === true || start[1] === 'ENV') return null;
  const name = start[1];
  const path = parsePath(text.slice(start[0].length), name === undefined);
  if (path === null) return null;
  return name === undefined ? { from: 'input', path } : { from: 'variable', name, path };
}

/**
 * The value of a simple expression.
 * @throws {TypeError} with jq's words, when a step does not fit the value it is applied to or a variable is unknown
 */
export function evaluateSimple(
  expression: SimpleExpression,
  input: Json,
  variables: Readonly<Record<string, Json>>,
): Json {
  if (expression.from === 'literal') return expression.value;
  if (expression.from === 'variable' && !Object.hasOwn(variables, expression.name)) {
    throw new TypeError(`$${expression.name} is not defined`);
  }
  const start = expression.from === 'input' ? input : (variables[expression.name] ?? null);
  return expression.path.reduce<Json>(step, start);
}

function parsePath(text: string, afterDot: boolean): (string | number)[] | null {
  const path: (string | number)[] = [];
  let rest = text;
  while (rest !== '') {
    const match = STEP.exec(rest);
    if (match === null) return null;
    const [whole, name, index, key] = match;
    // A name directly after the leading dot has no dot of its own; everywhere else it needs one.
    if (name !== undefined && whole.startsWith('.') === (afterDot && path.length === 0)) return null;
    path.push(name ?? (index === undefined ? (JSON.parse(key ?? '""') as string) : Number(index)));
    rest = rest.slice(whole.length);
  }
  return path;
}

function step(value: Json, key: string | number): Json {
  if (value === null) return null;
  if (typeof key === 'number') {
    if (Array.isArray(value)) return (value as readonly Json[])[key] ?? null;
    throw new TypeError(`Cannot index ${typeName(value)} with number (${key})`);
  }
  if (typeof value === 'object' && !Array.isArray(value)) {
    const object = value as Readonly<Record<string, Json>>;
    return Object.hasOwn(object, key) ? (object[key] ?? null) : null;
  }
  throw new TypeError(`Cannot index ${typeName(value)} with string (${JSON.stringify(key)})`);
}

function typeName(value: Json): string {
  return Array.isArray(value) ? 'array' : typeof value;
}
