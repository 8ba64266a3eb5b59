/**
 * Programs that a run evaluates again and again, such as those of a loop, stay compiled in a jq of their own
 * (`jq-resident.ts`): a three-hundredth of the time. What fits in there yields what it yields alone, because only programs that
 * were evaluated alone before come in; whatever goes wrong in there, they are evaluated alone again.
 */
import { Worker } from 'node:worker_threads';
import { type JqSource, manyPrograms } from './jq-program.ts';
import type { FromResident, ToResident } from './jq-resident.ts';
import type { JqAnswer } from './jq-worker.ts';

/** Evaluations after which a program is hot. */
const HOT_AFTER = 3;
/** Programs that stay compiled, and their characters. */
const PROGRAMS = 100;
const CHARACTERS = 200_000;
/** Programs whose evaluations are counted; the oldest is forgotten. */
const COUNTED = 2_000;
/** Times that jq may break in there before it is given up for this run. */
const BREAKS = 3;
/** How long jq may take to load and to compile, milliseconds. */
const LOAD_MS = 30_000;

export class HotPrograms {
  readonly #counts = new Map<string, number>();
  /** Places of compiled programs. */
  #places = new Map<string, { readonly place: number; readonly source: JqSource }>();
  readonly #wanted = new Map<string, JqSource>();
  readonly #unfit = new Set<string>();
  readonly #outputBytes: number;
  #thread: ResidentThread | null = null;
  #isCompiling = false;
  #breaks = 0;

  constructor(outputBytes: number) {
    this.#outputBytes = outputBytes;
  }

  /** Tells of an evaluation that yielded something, or failed while it ran. */
  count(source: JqSource): void {
    const key = keyOf(source);
    if (this.#unfit.has(key) || this.#places.has(key) || this.#breaks >= BREAKS) return;
    const count = (this.#counts.get(key) ?? 0) + 1;
    if (this.#counts.size >= COUNTED) this.#counts.delete(this.#counts.keys().next().value ?? '');
    this.#counts.set(key, count);
    if (count < HOT_AFTER || !this.#hasRoom(source)) return;
    this.#wanted.set(key, source);
    void this.#compile();
  }

  /** The answer of a program that is compiled; null when it is not, and the caller evaluates it alone. */
  async evaluate(source: JqSource, payloadOf: (place: number) => string, deadlineMs: number): Promise<JqAnswer | null> {
    const known = this.#places.get(keyOf(source));
    const thread = this.#thread;
    if (known === undefined || thread === null || this.#isCompiling) return null;
    const answer = await thread.evaluate(payloadOf(known.place), deadlineMs);
    if (answer.kind !== 'broken') return answer;
    await this.#broke(source, answer.message);
    return answer;
  }

  async close(reason: string): Promise<void> {
    this.#breaks = BREAKS;
    const thread = this.#thread;
    this.#thread = null;
    await thread?.end(reason);
  }

  #hasRoom(source: JqSource): boolean {
    const all = [...[...this.#places.values()].map((one) => one.source), ...this.#wanted.values(), source];
    return all.length <= PROGRAMS && all.reduce((sum, one) => sum + one.program.length, 0) <= CHARACTERS;
  }

  /** Compiles what is there and what is wanted; those who come meanwhile are next. */
  async #compile(): Promise<void> {
    if (this.#isCompiling) return;
    this.#isCompiling = true;
    try {
      while (this.#wanted.size > 0 && this.#breaks < BREAKS) {
        const before = [...this.#places.values()].map((one) => one.source);
        const added = [...this.#wanted.values()];
        this.#wanted.clear();
        if (await this.#load([...before, ...added])) continue;
        for (const source of added) this.#unfit.add(keyOf(source));
        if (this.#thread === null || (before.length > 0 && !(await this.#load(before)))) return;
      }
    } finally {
      this.#isCompiling = false;
    }
  }

  async #load(sources: readonly JqSource[]): Promise<boolean> {
    const thread = (this.#thread ??= new ResidentThread(this.#outputBytes));
    const outcome = await thread.compile(manyPrograms(sources));
    if (outcome === 'compiled') {
      this.#places = new Map(sources.map((source, place) => [keyOf(source), { place, source }]));
      return true;
    }
    this.#places = new Map();
    if (outcome === 'broken') {
      this.#breaks = BREAKS;
      if (this.#thread === thread) this.#thread = null;
      await thread.end('jq broke');
    }
    return false;
  }

  /** The others go on in a fresh one. */
  async #broke(source: JqSource, message: string): Promise<void> {
    this.#breaks += 1;
    this.#unfit.add(keyOf(source));
    const others = [...this.#places.values()].filter((one) => keyOf(one.source) !== keyOf(source));
    this.#places = new Map();
    const thread = this.#thread;
    this.#thread = null;
    await thread?.end(message);
    for (const one of others) this.#wanted.set(keyOf(one.source), one.source);
    if (this.#wanted.size > 0) void this.#compile();
  }
}

function keyOf({ program, names }: JqSource): string {
  return `${names.join(' ')}|${program}`;
}

type Heard = FromResident | { readonly kind: 'gone'; readonly message: string };

/** The thread from outside: told by a message and a number that rises, since it waits without an event loop. */
class ResidentThread {
  readonly #signal = new Int32Array(new SharedArrayBuffer(4));
  readonly #worker: Worker;
  readonly #ready: Promise<Heard>;
  #hear: ((heard: Heard) => void) | null = null;
  #gone: string | null = null;
  #lastId = 0;

  constructor(outputBytes: number) {
    // tsc leaves URL texts alone, so the worker has the extension that this file has: .ts from source, .js built.
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    this.#worker = new Worker(new URL(`./jq-resident.${extension}`, import.meta.url), {
      name: 'jq resident',
      workerData: { outputBytes, signal: this.#signal },
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 },
    });
    this.#ready = this.#next(LOAD_MS);
    this.#worker.on('message', (heard: FromResident) => this.#hear?.(heard));
    const gone = (message: string) => {
      this.#gone ??= message;
      this.#hear?.({ kind: 'gone', message });
    };
    this.#worker.on('error', (error) => gone(`jq stopped: ${(error as Error).message}`));
    this.#worker.on('exit', () => gone('jq was stopped'));
    this.#worker.unref();
  }

  async compile(text: string): Promise<'compiled' | 'refused' | 'broken'> {
    if ((await this.#ready) !== 'ready' || this.#gone !== null) return 'broken';
    const heard = await this.#ask({ kind: 'programs', text }, LOAD_MS);
    return heard === 'compiled' || heard === 'refused' ? heard : 'broken';
  }

  async evaluate(payload: string, deadlineMs: number): Promise<JqAnswer> {
    const id = (this.#lastId += 1);
    const heard = await this.#ask({ kind: 'evaluate', id, payload }, deadlineMs);
    if (typeof heard === 'string') return { id, kind: 'broken', message: 'jq said something else' };
    return heard.kind === 'gone' ? { id, kind: 'broken', message: heard.message } : heard;
  }

  async end(reason: string): Promise<void> {
    this.#gone ??= reason;
    await this.#worker.terminate();
  }

  async #ask(message: ToResident, ms: number): Promise<Heard> {
    if (this.#gone !== null) return { kind: 'gone', message: this.#gone };
    this.#worker.ref();
    try {
      const heard = this.#next(ms);
      this.#worker.postMessage(message);
      Atomics.add(this.#signal, 0, 1);
      Atomics.notify(this.#signal, 0);
      return await heard;
    } finally {
      this.#worker.unref();
    }
  }

  /** The next thing that it says; a late one is `gone`. */
  #next(ms: number): Promise<Heard> {
    return new Promise((resolve) => {
      const late = setTimeout(() => this.#hear?.({ kind: 'gone', message: `it took longer than ${ms} ms` }), ms);
      this.#hear = (heard) => {
        clearTimeout(late);
        this.#hear = null;
        resolve(heard);
      };
    });
  }
}
