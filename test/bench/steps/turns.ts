/**
 * Contenders that are measured side by side take turns, a block of rounds each, A-B-C-A-B-C within half a second each: a machine
 * whose speed changes from second to second is as fast for one as for the other. One works at a time, the others wait.
 */

export class Turns {
  readonly #order: readonly string[];
  readonly #waiting = new Map<string, () => void>();
  readonly #gone = new Set<string>();
  /** Whose turn it is, or who is waited for. */
  #at = 0;
  #isTaken = false;

  /** @param order names of all that take part; nobody begins before all have asked or left */
  constructor(order: readonly string[]) {
    this.#order = order;
  }

  /** Ends the turn of `name`, if it has it, and resolves when it has the next one. */
  async take(name: string): Promise<void> {
    const turn = Promise.withResolvers<void>();
    this.#waiting.set(name, turn.resolve);
    this.#pass(name);
    await turn.promise;
  }

  /** `name` takes no further turn. */
  leave(name: string): void {
    this.#gone.add(name);
    this.#pass(name);
  }

  #pass(name: string): void {
    if (this.#isTaken && this.#order[this.#at] === name) {
      this.#isTaken = false;
      this.#at = (this.#at + 1) % this.#order.length;
    }
    if (this.#isTaken || this.#order.some((one) => !this.#waiting.has(one) && !this.#gone.has(one))) return;
    while (this.#gone.has(this.#order[this.#at]!)) {
      if (this.#gone.size === this.#order.length) return;
      this.#at = (this.#at + 1) % this.#order.length;
    }
    const next = this.#order[this.#at]!;
    const begin = this.#waiting.get(next);
    this.#waiting.delete(next);
    this.#isTaken = true;
    begin?.();
  }
}
