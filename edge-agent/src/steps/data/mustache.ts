/**
 * Mustache, without code. The library reads the template; filling is done here, because its own looks names up in
 * prototypes, calls what it finds, leaves out silently what is missing, and has no bound.
 */
import mustache from 'mustache';
import type { Json } from '@casare/shared/workflow';
import { StepFailure } from '../../engine/index.ts';

/** Sections within each other. */
const DEPTH = 50;
/** Tags that are filled and turns of sections, those within repeated sections counted each time. */
const TAGS = 1_000_000;

interface Filling {
  readonly escape: 'none' | 'html';
  readonly missing: 'fail' | 'empty';
  /** The longest text, characters. */
  readonly length: number;
}

/** `['name', 'a.b', start, end]`; sections have their tokens at 4. */
type Token = readonly [kind: string, text: string, start: number, end: number, inner?: readonly Token[]];

/**
 * @throws StepFailure TEMPLATE_BROKEN, TEMPLATE_VALUE_MISSING, TEMPLATE_TOO_LARGE
 */
export function fill(template: string, values: Json, filling: Filling): string {
  const parts: string[] = [];
  const state: State = { parts, length: 0, tags: 0, filling };
  write(read(template), [values], state);
  return parts.join('');
}

interface State {
  readonly parts: string[];
  readonly filling: Filling;
  length: number;
  tags: number;
}

function read(template: string): readonly Token[] {
  // The library keeps every template that it has read, for ever.
  mustache.clearCache();
  try {
    return mustache.parse(template) as readonly Token[];
  } catch (error) {
    throw broken((error as Error).message);
  }
}

function write(tokens: readonly Token[], scopes: readonly Json[], state: State): void {
  if (scopes.length > DEPTH) throw broken(`sections are more than ${DEPTH} deep`);
  for (const token of tokens) {
    const [kind, name, , , inner = []] = token;
    count(state);
    switch (kind) {
      case 'text':
        add(name, state);
        break;
      case '#':
        for (const scope of scopesOf(lookUp(name, scopes))) {
          count(state);
          write(inner, [...scopes, scope], state);
        }
        break;
      case '^':
        if (scopesOf(lookUp(name, scopes)).length === 0) write(inner, scopes, state);
        break;
      case '&':
        add(textOf(name, scopes, state), state);
        break;
      case 'name':
        add(escaped(textOf(name, scopes, state), state.filling.escape), state);
        break;
      case '>':
        throw broken(`there are no partials, and {{>${name}}} names one`);
      default:
        break;
    }
  }
}

function count(state: State): void {
  state.tags += 1;
  if (state.tags > TAGS) throw tooLarge(`more than ${TAGS} tags are filled`);
}

function add(text: string, state: State): void {
  state.length += text.length;
  if (state.length > state.filling.length) throw tooLarge(`the text is longer than ${state.filling.length} characters`);
  state.parts.push(text);
}

/** What a section is repeated for: each item of a list, once for anything else, never for nothing. */
function scopesOf(value: Json | undefined): readonly Json[] {
  if (Array.isArray(value)) return value as readonly Json[];
  return value === undefined || value === null || value === false || value === '' || value === 0 ? [] : [value];
}

function textOf(name: string, scopes: readonly Json[], { filling }: State): string {
  const value = lookUp(name, scopes);
  if (value === undefined || value === null) {
    if (filling.missing === 'fail') throw missing(name, value === null ? 'is null' : 'is not there');
    return '';
  }
  if (typeof value === 'object') throw missing(name, 'is a list or an object, which has no text');
  return String(value);
}

/** The innermost scope that has the first part of the name decides. */
function lookUp(name: string, scopes: readonly Json[]): Json | undefined {
  if (name === '.') return scopes.at(-1);
  const [first = '', ...rest] = name.split('.');
  const scope = scopes.findLast((one) => memberOf(one, first) !== undefined);
  return rest.reduce(memberOf, memberOf(scope, first));
}

function memberOf(value: Json | undefined, name: string): Json | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, Json>>)[name];
}

function escaped(text: string, how: Filling['escape']): string {
  return how === 'none' ? text : mustache.escape(text);
}

function broken(why: string): StepFailure {
  return new StepFailure({
    type: 'validation',
    code: 'TEMPLATE_BROKEN',
    title: 'The template cannot be read',
    detail: why,
    certain: true,
  });
}

function missing(name: string, why: string): StepFailure {
  return new StepFailure({
    type: 'validation',
    code: 'TEMPLATE_VALUE_MISSING',
    title: 'The template names a value that is not there',
    detail: `${JSON.stringify(name)} ${why}: give it in \`values\`, or set \`missing: empty\`.`,
    certain: true,
  });
}

function tooLarge(why: string): StepFailure {
  return new StepFailure({
    type: 'runtime',
    status: 413,
    code: 'TEMPLATE_TOO_LARGE',
    title: 'The template becomes too large',
    detail: `${why}: give fewer values, or \`saveAs\`.`,
    certain: true,
  });
}
