/**
 * The text of a document: YAML 1.2 (core schema) or JSON, read into a plain value, with a way back from a JSON Pointer
 * to the line and column it was written at. Length, nesting and aliases are bounded BEFORE anything is built from
 * them: the text may come from anybody, and the parser alone would take seconds for a megabyte of brackets.
 */
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  parseDocument,
  Parser,
} from 'yaml';
import { MAX_DEPTH } from './json-bounds.ts';
import { type Finding, MAX_PROBLEMS, type Problem } from './problem.ts';
import { escapePointer, pointerTokens } from './task-list.ts';

/** The longest text, UTF-16 units (1 Mi). */
export const MAX_SOURCE_LENGTH = 1_048_576;
/** How often one anchor may be used, uses within uses multiplied. */
const MAX_ALIASES = 50;

export type Format = 'yaml' | 'json';

/** What was read, or why it could not be. `locate` finds a place that is not there by the nearest that is. */
export type Source =
  | { readonly ok: true; readonly value: unknown; readonly locate: (finding: Finding) => Problem }
  | { readonly ok: false; readonly problems: Problem[] };

/** Reads a text. `json` refuses what JSON does not know; `yaml` takes both. */
export function readSource(text: string, format: Format): Source {
  if (text.length > MAX_SOURCE_LENGTH) return refused(0, `the text is longer than ${MAX_SOURCE_LENGTH} characters`);
  const lines = new LineCounter();
  const deep = deepOffset(text, lines);
  if (deep !== null) return refused(deep, `nesting is deeper than ${MAX_DEPTH} levels`, lines);
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    merge: false,
    strict: true,
    // The package compares every pair of keys, seconds for a long map: `keyFaults` looks each up once.
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'error',
  });
  const faults = [...syntaxFaults(document), ...keyFaults(document)];
  const foreign = faults.length === 0 && format === 'json' ? notJson(text) : null;
  if (foreign !== null) faults.push(foreign);
  if (faults.length > 0) {
    return { ok: false, problems: faults.slice(0, MAX_PROBLEMS).map((fault) => problemAt(lines, fault)) };
  }
  return valueOf(document, lines);
}

interface Fault {
  readonly offset: number;
  readonly message: string;
  readonly path?: string;
}

/** Where the nesting passes the bound, or `null`. Reads as a stream and stops there. Fills `lines` on the way. */
function deepOffset(text: string, lines: LineCounter): number | null {
  lines.addNewLine(0);
  const parser = new Parser(lines.addNewLine);
  for (const lexeme of new Lexer().lex(text)) {
    // The tokens themselves are not wanted, only how many are open at a time: one for the document, one a level.
    for (const token of parser.next(lexeme)) void token;
    if (parser.stack.length > MAX_DEPTH + 2) return parser.offset;
  }
  return null;
}

function syntaxFaults(document: Document): Fault[] {
  // Warnings are about tags and directives of another YAML: what they would mean is unclear, so they are refused.
  return [...document.errors, ...document.warnings].map((fault) => ({
    offset: fault.pos[0],
    message: fault.code === 'MULTIPLE_DOCS' ? 'expected one document: remove everything from `---` on' : fault.message,
  }));
}

/** Names that are used twice in one map or are no names, and aliases of nothing. */
function keyFaults(document: Document): Fault[] {
  const faults: Fault[] = [];
  const anchors = new Set<string>();
  const aliases: { name: string; offset: number; path: string }[] = [];
  const open: { node: unknown; path: string }[] = [{ node: document.contents, path: '' }];
  while (open.length > 0 && faults.length < MAX_PROBLEMS) {
    const { node, path } = open.pop()!;
    if (isAlias(node)) aliases.push({ name: node.source, offset: offsetOf(node) ?? 0, path });
    else if (isNode(node) && node.anchor !== undefined) anchors.add(node.anchor);
    if (isSeq(node)) node.items.forEach((item, index) => open.push({ node: item, path: `${path}/${index}` }));
    if (!isMap(node)) continue;
    const seen = new Set<string>();
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? keyText(key.value) : null;
      const inner = `${path}/${escapePointer(name ?? '')}`;
      const offset = offsetOf(key) ?? offsetOf(node) ?? 0;
      if (name === null) faults.push({ offset, path: inner, message: 'expected a name (text) before `:`' });
      else if (seen.has(name)) faults.push({ offset, path: inner, message: `\`${name}\` is there twice` });
      seen.add(name ?? '');
      open.push({ node: value, path: inner });
    }
  }
  for (const { name, offset, path } of aliases) {
    if (!anchors.has(name)) faults.push({ offset, path, message: `there is no anchor \`&${name}\`` });
  }
  return faults.sort((a, b) => a.offset - b.offset);
}

function notJson(text: string): Fault | null {
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown';
    return { offset: Number(/position (\d+)/.exec(reason)?.[1] ?? 0), message: `this is not JSON: ${reason}` };
  }
}

function valueOf(document: Document, lines: LineCounter): Source {
  try {
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
    return { ok: true, value, locate: (finding) => problemAt(lines, { ...finding, offset: find(document, finding) }) };
  } catch (error) {
    // The package's answer to an anchor that is not there, or is used more often than allowed.
    if (error instanceof ReferenceError) return refused(0, `aliases: ${error.message}`);
    throw error;
  }
}

/** The offset of a finding's name or value; of the nearest enclosing name when it is not there. */
function find(document: Document, finding: Finding): number {
  let node: unknown = document.contents;
  let named = offsetOf(node) ?? 0;
  for (const token of pointerTokens(finding.path)) {
    const inner = isAlias(node) ? node.resolve(document) : node;
    if (isMap(inner)) {
      const pair = inner.items.find(({ key }) => isScalar(key) && String(key.value) === token);
      if (pair === undefined) return named;
      named = offsetOf(pair.key) ?? named;
      node = pair.value;
    } else if (isSeq(inner) && inner.items[Number(token)] !== undefined) {
      node = inner.items[Number(token)];
      named = offsetOf(node) ?? named;
    } else return named;
  }
  return finding.at === 'key' ? named : (offsetOf(node) ?? named);
}

function offsetOf(node: unknown): number | null {
  const range: unknown = typeof node === 'object' && node !== null && 'range' in node ? node.range : null;
  return Array.isArray(range) && typeof range[0] === 'number' ? range[0] : null;
}

function problemAt(lines: LineCounter, fault: Fault & { readonly suggestion?: string }): Problem {
  const { line, col } = lines.linePos(fault.offset);
  return {
    path: fault.path ?? '',
    line: Math.max(line, 1),
    column: Math.max(col, 1),
    message: fault.message,
    ...(fault.suggestion === undefined ? {} : { suggestion: fault.suggestion }),
  };
}

function refused(offset: number, message: string, lines = new LineCounter()): Source {
  return { ok: false, problems: [problemAt(lines, { offset, message })] };
}

/** A scalar key as the text it stands for; null for a key that is none. */
function keyText(value: unknown): string | null {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : null;
}
