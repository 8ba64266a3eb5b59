/** A gate that the portal's downloads pass: it lets some through and holds the next until a test says so. */

export class Gate {
  #free: number;
  #held: (() => void)[] = [];
  #arrived: (() => void)[] = [];

  /** Lets `free` through at once. */
  constructor(free: number) {
    this.#free = free;
  }

  /** Resolves when a download may go on. */
  pass(): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      this.#held.push(resolve);
      for (const tell of this.#arrived.splice(0)) tell();
    });
  }

  /** Resolves when a download is held: the job is in the middle, and stays there. */
  held(): Promise<void> {
    if (this.#held.length > 0) return Promise.resolve();
    return new Promise((resolve) => this.#arrived.push(resolve));
  }

  /** Lets one more through: the one that is held longest, or the next. */
  letOne(): void {
    const held = this.#held.shift();
    if (held === undefined) this.#free += 1;
    else held();
  }

  /** Lets everything through from now on. */
  open(): void {
    this.#free = Infinity;
    for (const resolve of this.#held.splice(0)) resolve();
  }
}
