/**
 * Pauses of a run: a gate before each task. While it is closed the tasks under way end and no further one starts; when
 * every strand of the run (each branch of a fork is one) stands at the gate or only waits for a time, the run is paused and
 * says so, once. Opened again, it says that and goes on where it stood.
 *
 * Invariants: `run.paused` comes after the record of every step that was under way; no step starts between it and
 * `run.resumed`. Deadlines and cancels pass the gate: who stands there is told.
 */
import type { RunEventBody } from '@casare/shared/protocol';

/** The wish of whoever steers the run; it may change at any time, also before the run has begun. */
export class PauseSwitch {
  #isOn = false;
  #onChange: () => void = () => undefined;

  get isOn(): boolean {
    return this.#isOn;
  }

  set(isOn: boolean): void {
    this.#isOn = isOn;
    this.#onChange();
  }

  /** Calls `onChange` after every change, from now on and instead of who listened before. */
  listen(onChange: () => void): void {
    this.#onChange = onChange;
  }
}

export interface PauseGateOptions {
  readonly wish: PauseSwitch;
  /** The record says already that the run is paused: its worker or agent was started anew. */
  readonly paused: boolean;
  readonly record: (body: RunEventBody) => Promise<void>;
}

export class PauseGate {
  readonly #wish: PauseSwitch;
  readonly #record: PauseGateOptions['record'];
  /** Strands that may still do something. */
  #busy = 1;
  /** What the record says. */
  #said: boolean;
  /** Words are recorded one after the other. */
  #words: Promise<void> = Promise.resolve();
  #opened = Promise.withResolvers<void>();

  constructor({ wish, paused, record }: PauseGateOptions) {
    this.#wish = wish;
    this.#record = record;
    this.#said = paused;
  }

  /** From here on the wish counts. Of a run that was paused and need not be any more, that is said first. */
  begin(): Promise<void> {
    this.#wish.listen(() => this.#look());
    this.#look();
    return this.#wish.isOn ? Promise.resolve() : this.#words;
  }

  /** From here on nothing more is said: the run ends. */
  end(): Promise<void> {
    this.#wish.listen(() => undefined);
    return this.#words;
  }

  /** Null when a task may start now, else it waits until then. @throws what the signal says, and what could not be recorded */
  pass(signal: AbortSignal): Promise<void> | null {
    return this.#wish.isOn ? this.#stand(signal) : null;
  }

  /** Of one strand: it waits for a time and does nothing. */
  async aside<T>(wait: () => Promise<T>): Promise<T> {
    this.#busy -= 1;
    this.#look();
    try {
      return await wait();
    } finally {
      this.#busy += 1;
    }
  }

  /** One strand becomes `count`; each calls the answer when it is over, and the one before goes on when all are. */
  split(count: number): () => void {
    let left = count;
    this.#busy += count - 1;
    return () => {
      left -= 1;
      if (left === 0) return;
      this.#busy -= 1;
      this.#look();
    };
  }

  async #stand(signal: AbortSignal): Promise<void> {
    while (this.#wish.isOn) {
      await this.aside(() => until(this.#opened.promise, signal));
      await this.#words;
    }
  }

  #look(): void {
    const isOn = this.#wish.isOn;
    if (isOn ? !this.#said && this.#busy === 0 : this.#said) this.#say(isOn ? 'run.paused' : 'run.resumed');
    if (isOn) return;
    this.#opened.resolve();
    this.#opened = Promise.withResolvers<void>();
  }

  #say(type: 'run.paused' | 'run.resumed'): void {
    this.#said = type === 'run.paused';
    const said = this.#words.then(() => this.#record({ type }));
    this.#words = said;
    // Who stands at the gate throws it; of a run that ends meanwhile nobody does.
    said.catch((error: unknown) => this.#opened.reject(error));
    this.#opened.promise.catch(() => undefined);
  }
}

function until(opened: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.reject(signal.reason as Error);
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    opened.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
