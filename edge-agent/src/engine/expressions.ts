/**
 * jq expressions of a run. Expressions are hostile input: jq runs in a worker thread that is ended and replaced when a
 * program takes longer than a second, exhausts its memory or breaks the interpreter; the agent's process lives on.
 *
 * Bounds: program length, depth and size of what goes in, size of what comes out, time, expressions waiting. At each
 * bound the evaluation fails with an expression error (400) and nothing else changes.
 */
import { Worker } from 'node:worker_threads';
import type { Json } from '@casare/shared/workflow';
import { fault, type WorkflowFault } from './errors.ts';
import { HotPrograms } from './hot-programs.ts';
import type { JqSource } from './jq-program.ts';
import type { JqAnswer, JqRequest } from './jq-worker.ts';
import { evaluateSimple, parseSimple, type SimpleExpression } from './simple-expression.ts';

/** The variables an expression sees, without their `$`. */
export type Variables = Readonly<Record<string, Json>>;

/** Evaluates jq programs. One instance serves one run, and may be made before the run is known. */
export interface Expressions {
  /**
   * The one value that `program` yields for `input`; none is `null`.
   * @throws {WorkflowFault} expression error 400: it does not compile, fails, yields several values, or hits a bound
   */
  evaluate(program: string, input: Json, variables: Variables): Promise<Json>;
  /** Ends the worker thread; evaluations under way fail. */
  close(): Promise<void>;
}

/** Where `now` comes from (milliseconds), and bounds that tests may tighten. */
export interface ExpressionsOptions {
  readonly now?: () => number;
  /** Longest evaluation, milliseconds. */
  readonly deadlineMs?: number;
}

/** Longest program, characters. */
const PROGRAM_LENGTH = 20_000;
/** Deepest nesting of an input or a variable. */
const INPUT_DEPTH = 200;
/** Largest input with its variables, characters of JSON. */
const PAYLOAD_LENGTH = 16_777_216;
/** Largest result, characters of JSON. */
const OUTPUT_LENGTH = 4_194_304;
/** Evaluations that may wait for the worker at once. */
const WAITING = 1_000;
/** Distinct programs whose parse is remembered. */
const CACHED_PROGRAMS = 2_000;
/** How long a new worker may take to load jq, milliseconds. */
const LOAD_MS = 30_000;

/** Starts a jq worker thread right away, so that the first expression finds it ready. */
export function createExpressions(options: ExpressionsOptions = {}): Expressions {
  return new JqExpressions(options.now ?? Date.now, options.deadlineMs ?? 1_000);
}

class JqExpressions implements Expressions {
  readonly #now: () => number;
  readonly #deadlineMs: number;
  readonly #parsed = new Map<string, SimpleExpression | null>();
  readonly #hot = new HotPrograms(OUTPUT_LENGTH);
  #thread: JqThread | null;
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #closed = false;

  constructor(now: () => number, deadlineMs: number) {
    this.#now = now;
    this.#deadlineMs = deadlineMs;
    this.#thread = new JqThread();
  }

  async evaluate(program: string, input: Json, variables: Variables): Promise<Json> {
    if (program.length > PROGRAM_LENGTH)
      throw expressionFault(program, `it is longer than ${PROGRAM_LENGTH} characters`);
    const simple = this.#parse(program);
    if (simple !== null) {
      try {
        return evaluateSimple(simple, input, variables);
      } catch (error) {
        throw expressionFault(program, (error as Error).message);
      }
    }
    const lines = await this.#queue(program, () => this.#ask(program, input, variables));
    return onlyValue(program, lines);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const thread = this.#thread;
    this.#thread = null;
    await this.#hot.close('the run has ended');
    await thread?.end('the run has ended');
  }

  #parse(program: string): SimpleExpression | null {
    const known = this.#parsed.get(program);
    if (known !== undefined) return known;
    const parsed = parseSimple(program);
    // Programs are literals of one document: the bound is never met by an honest one, and then the oldest goes.
    if (this.#parsed.size >= CACHED_PROGRAMS) this.#parsed.delete(this.#parsed.keys().next().value ?? '');
    this.#parsed.set(program, parsed);
    return parsed;
  }

  /** One program at a time: a thread that has to be ended must not take another branch's evaluation with it. */
  async #queue(program: string, evaluate: () => Promise<string>): Promise<string> {
    if (this.#waiting >= WAITING) throw expressionFault(program, `more than ${WAITING} expressions wait already`);
    this.#waiting += 1;
    const turn = this.#tail.then(evaluate);
    this.#tail = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      this.#waiting -= 1;
    }
  }

  async #ask(program: string, input: Json, variables: Variables): Promise<string> {
    if (this.#closed) throw expressionFault(program, 'the run has ended');
    const names = namesIn(program).filter((name) => Object.hasOwn(variables, name));
    const used = Object.fromEntries(names.map((name) => [name, variables[name] ?? null]));
    if (deeperThan({ input, used }, INPUT_DEPTH + 2)) {
      throw expressionFault(program, `its input is nested deeper than ${INPUT_DEPTH} levels`);
    }
    const payload = JSON.stringify({ now: this.#now() / 1_000, input, variables: used });
    if (payload.length > PAYLOAD_LENGTH) throw expressionFault(program, 'its input is larger than 16 MiB of JSON');
    const source = { program, names };
    const numbered = (place: number) => `{"program":${place},${payload.slice(1)}`;
    const hot = await this.#hot.evaluate(source, numbered, this.#deadlineMs);
    const answer = hot ?? (await this.#alone(source, payload));
    if (answer.kind === 'values') return answer.lines;
    throw expressionFault(program, answer.message);
  }

  /** In the thread of programs that are evaluated once; one that breaks it is replaced. */
  async #alone(source: JqSource, payload: string): Promise<JqAnswer> {
    const thread = (this.#thread ??= new JqThread());
    const answer = await thread.run({ ...source, payload }, this.#deadlineMs);
    if (answer.kind === 'values') this.#hot.count(source);
    if (answer.kind === 'broken' && this.#thread === thread) {
      this.#thread = null;
      await thread.end(answer.message);
    }
    return answer;
  }
}

/** One worker thread; of no use after its first `broken` answer. */
class JqThread {
  readonly #worker: Worker;
  readonly #ready: Promise<string | null>;
  #settle: ((answer: JqAnswer) => void) | null = null;
  #dead: string | null = null;
  #lastId = 0;

  constructor() {
    // tsc leaves URL texts alone, so the worker has the extension that this file has: .ts from source, .js built.
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    this.#worker = new Worker(new URL(`./jq-worker.${extension}`, import.meta.url), {
      name: 'jq',
      workerData: { outputBytes: OUTPUT_LENGTH },
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 },
    });
    this.#ready = new Promise((resolve) => {
      const late = setTimeout(() => resolve('jq did not load in time'), LOAD_MS).unref();
      this.#worker.on('message', (message: 'ready' | JqAnswer) => {
        if (message !== 'ready') return this.#settle?.(message);
        clearTimeout(late);
        resolve(null);
      });
      const fail = (reason: string) => {
        clearTimeout(late);
        this.#dead ??= reason;
        resolve(reason);
        this.#settle?.({ id: this.#lastId, kind: 'broken', message: reason });
      };
      this.#worker.on('error', (error) => fail(`jq stopped: ${(error as Error).message}`));
      this.#worker.on('exit', () => fail('jq was stopped'));
    });
    // Only now: listening for messages had made it count again. An idle jq does not keep its process alive.
    this.#worker.unref();
  }

  /** Runs one program; a late or missing answer is `broken`. */
  async run(request: Omit<JqRequest, 'id'>, deadlineMs: number): Promise<JqAnswer> {
    const id = (this.#lastId += 1);
    this.#worker.ref();
    let timer: NodeJS.Timeout | undefined;
    try {
      const failure = (await this.#ready) ?? this.#dead;
      if (failure !== null) return { id, kind: 'broken', message: failure };
      return await new Promise<JqAnswer>((resolve) => {
        this.#settle = resolve;
        timer = setTimeout(
          () => resolve({ id, kind: 'broken', message: `it took longer than ${deadlineMs} ms` }),
          deadlineMs,
        );
        this.#worker.postMessage({ ...request, id } satisfies JqRequest);
      });
    } finally {
      clearTimeout(timer);
      this.#settle = null;
      this.#worker.unref();
    }
  }

  async end(reason: string): Promise<void> {
    this.#dead ??= reason;
    await this.#worker.terminate();
  }
}

function onlyValue(program: string, lines: string): Json {
  if (lines === '') return null;
  if (lines.includes('\n')) {
    throw expressionFault(program, 'it yields several values; collect them in an array with `[ ... ]`');
  }
  try {
    return JSON.parse(lines) as Json;
  } catch {
    throw expressionFault(program, 'its result is nested too deeply');
  }
}

/** Names that stand after a `$` anywhere in the program, also in texts: more than needed is harmless. */
function namesIn(program: string): string[] {
  return [...new Set(Array.from(program.matchAll(/\$([A-Za-z_]\w*)/g), (match) => match[1] ?? ''))].filter(
    (name) => name !== 'ENV' && !name.startsWith('__'),
  );
}

/** True when the value is nested deeper than `levels`; never goes deeper than that itself. */
function deeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  return Object.values(value).some((inner) => deeperThan(inner, levels - 1));
}

function expressionFault(program: string, why: string): WorkflowFault {
  const shown = program.length > 200 ? `${program.slice(0, 200)}…` : program;
  return fault('expression', {
    code: 'EXPRESSION_FAILED',
    title: 'An expression could not be evaluated',
    detail: `\`${shown.trim()}\`: ${why}`,
  });
}
