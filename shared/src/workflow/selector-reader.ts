/**
 * Reads the text of a selector, character by character, by the grammar of `selector.ts`.
 * Linear in the length of the text, apart from compiling a bounded regular expression; nothing here runs one.
 */
import { isSelectorRole, suggestRole } from './selector-roles.ts';
import { MAX_ATTRIBUTES, MAX_NTH, MAX_PATTERN_LENGTH, MAX_SELECTOR_STEPS, patternOf } from './selector-types.ts';
import type { ExpressionStep, Selector, SelectorAttribute, SelectorName, SelectorStep } from './selector-types.ts';

/** A selector that cannot be read; only `parseSelector` sees it. */
export class Fault extends Error {
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

/** Reads one selector from left to right, once; every method leaves `at` behind what it read, or throws a `Fault`. */
export class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  selector(): Selector {
    const steps = [this.#step()];
    while (this.#skipSpace() < this.#text.length) {
      if (!this.#take('>>')) throw this.#fault(this.#strayText());
      if (steps.length === MAX_SELECTOR_STEPS) throw this.#fault(`more than ${MAX_SELECTOR_STEPS} steps`);
      steps.push(this.#step());
    }
    return { steps };
  }

  #step(): SelectorStep {
    const start = this.#skipSpace();
    const word = this.#match(/[A-Za-z][A-Za-z0-9-]*/y);
    if (word === undefined) throw this.#fault('a role is expected here, such as button, link or textbox');
    if (this.#take('=')) {
      if (word === 'css' || word === 'xpath') return this.#expressionStep(word);
      throw new Fault(`only css= and xpath= take an expression, not ${word.slice(0, 40)}=`, start);
    }
    if (!isSelectorRole(word)) {
      const meant = suggestRole(word);
      const hint = meant === undefined ? 'roles are those of ARIA, and window' : `did you mean "${meant}"?`;
      throw new Fault(`unknown role "${word.slice(0, 40)}": ${hint}`, start);
    }
    const name = this.#name();
    const step = { kind: 'role' as const, role: word, attributes: this.#attributes() };
    return { ...step, ...(name && { name }), ...this.#nth() };
  }

  #name(): SelectorName | undefined {
    this.#skipSpace();
    if (this.#peek() === '"') return { kind: 'exact', text: this.#string('the name') };
    return this.#peek() === '/' ? this.#pattern() : undefined;
  }

  #pattern(): SelectorName {
    const start = this.#at;
    const text = this.#text;
    let inClass = false;
    for (let at = start + 1; at < text.length; at += 1) {
      const char = text[at];
      if (char === '"') {
        throw new Fault('a " inside a regular expression must be written \\": data belongs in a quoted name', at);
      }
      if (char === '\n' || char === '\r') break;
      if (char === '\\') at += 1;
      else if (char === '[') inClass = true;
      else if (char === ']') inClass = false;
      else if (char === '/' && !inClass) return this.#patternBetween(start + 1, at);
    }
    throw new Fault('the regular expression has no closing /', start);
  }

  #patternBetween(from: number, to: number): SelectorName {
    const source = this.#text.slice(from, to);
    if (source === '') throw new Fault('the regular expression is empty', from);
    if (source.length > MAX_PATTERN_LENGTH) {
      throw new Fault(`the regular expression is longer than ${MAX_PATTERN_LENGTH} characters`, from);
    }
    this.#at = to + 1;
    const flags = this.#match(/[A-Za-z0-9]+/y) ?? '';
    if (flags !== '' && flags !== 'i') throw new Fault('the only flag of a regular expression is i', to + 1);
    const name = { kind: 'pattern' as const, source, ignoreCase: flags === 'i' };
    try {
      patternOf(name);
    } catch {
      throw new Fault('this is not a valid regular expression', from);
    }
    return name;
  }

  #attributes(): SelectorAttribute[] {
    const attributes: SelectorAttribute[] = [];
    for (;;) {
      const start = this.#skipSpace();
      if (!this.#take('[')) return attributes;
      if (attributes.length === MAX_ATTRIBUTES) throw new Fault(`more than ${MAX_ATTRIBUTES} attributes`, start);
      this.#skipSpace();
      const key = this.#match(/[A-Za-z][A-Za-z0-9-]{0,39}/y);
      if (key === undefined) throw this.#fault('an attribute is written [key="value"]');
      if (attributes.some((attribute) => attribute.key === key)) throw new Fault(`${key} is given twice`, start);
      this.#skipSpace();
      if (!this.#take('=')) throw this.#fault(`= is expected after ${key}: [${key}="value"]`);
      this.#skipSpace();
      attributes.push({ key, value: this.#string(`the value of ${key}`) });
      this.#skipSpace();
      if (!this.#take(']')) throw this.#fault(`] is expected after the value of ${key}`);
    }
  }

  #nth(): { nth?: number } {
    const start = this.#skipSpace();
    if (!this.#take(':nth(')) return {};
    const digits = this.#match(/\d{1,9}/y);
    if (digits === undefined || !this.#take(')')) throw this.#fault('a number is expected: :nth(2)');
    return { nth: countFrom1(digits, start) };
  }

  #expressionStep(kind: 'css' | 'xpath'): ExpressionStep {
    const start = this.#skipSpace();
    if (this.#peek() === '"') {
      const expression = this.#string(`the ${kind} expression`);
      if (expression.trim() === '') throw new Fault(`the ${kind} expression is empty`, start);
      return { kind, expression, ...this.#nth() };
    }
    const raw = this.#raw(kind).trimEnd();
    const tail = /\s*:nth\((\d{1,9})\)$/.exec(raw);
    const expression = tail === null ? raw : raw.slice(0, tail.index);
    if (expression === '') throw new Fault(`the ${kind} expression is empty`, start);
    if (tail === null) return { kind, expression };
    return { kind, expression, nth: countFrom1(tail[1] ?? '', start + tail.index) };
  }

  /** Raw text up to the next `>>` outside quotes, or the end. */
  #raw(kind: 'css' | 'xpath'): string {
    const start = this.#at;
    const refuse = (what: string): Fault =>
      this.#fault(`${what}: write the whole expression as a JSON string, ${kind}="…"`);
    let quote: string | undefined;
    for (; this.#at < this.#text.length; this.#at += 1) {
      const char = this.#peek();
      if (quote === undefined && this.#text.startsWith('>>', this.#at)) break;
      if (char === '\\' && kind === 'xpath') throw refuse('a backslash has no meaning in XPath');
      if (char === '\\') this.#at += 1;
      else if (char === quote) quote = undefined;
      else if (char === '"' && quote === "'") throw refuse('a " between single quotes');
      else if (quote === undefined && this.#text.startsWith('""', this.#at)) throw refuse('an empty ""');
      else if (quote === undefined && (char === '"' || char === "'")) quote = char;
    }
    if (quote !== undefined) throw new Fault(`a ${quote} is never closed`, start);
    this.#at = Math.min(this.#at, this.#text.length);
    return this.#text.slice(start, this.#at);
  }

  /** A JSON string that is not empty. */
  #string(what: string): string {
    const start = this.#at;
    if (this.#peek() !== '"') throw this.#fault(`${what} must be in double quotes`);
    const token = this.#match(/"(?:[^"\\]|\\[^])*"/y);
    if (token === undefined) throw new Fault(`${what} has no closing "`, start);
    if (token === '""') throw new Fault(`${what} is empty; leave it out, or check the quotes around @json data`, start);
    try {
      return String(JSON.parse(token));
    } catch {
      throw new Fault(`${what} is not a JSON string: a line break or a wrong escape`, start);
    }
  }

  /** Why the text at this place belongs to no step. */
  #strayText(): string {
    const next = this.#peek() ?? '';
    if (/[\w'{\-]/.test(next)) return 'a name must be in double quotes (@json quotes text only: use tostring)';
    return '">>" is expected between two steps';
  }

  #skipSpace(): number {
    this.#match(/\s+/y);
    return this.#at;
  }

  #peek(): string | undefined {
    return this.#text[this.#at];
  }

  #take(token: string): boolean {
    if (!this.#text.startsWith(token, this.#at)) return false;
    this.#at += token.length;
    return true;
  }

  /** The text that a sticky expression matches here, or undefined. */
  #match(expression: RegExp): string | undefined {
    expression.lastIndex = this.#at;
    const found = expression.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #fault(message: string): Fault {
    return new Fault(message, this.#at);
  }
}

function countFrom1(digits: string, at: number): number {
  const nth = Number(digits);
  if (nth < 1 || nth > MAX_NTH) throw new Fault(`:nth counts from 1 to ${MAX_NTH}`, at);
  return nth;
}
