/**
 * What the control plane was told last of what this agent can do, and whether it is told again.
 *
 * Invariant: it is told what is news, and at most once in a second: a worker host that says one thing and then another, over
 * and over, costs the agent neither its session nor the control plane a change of a row each time.
 */
const EVERY_MS = 1_000;

export interface ToldOptions {
  /** What can be proved now, as a text. */
  readonly proved: () => string;
  /** False while there is no session; its greeting says it all then. */
  readonly isLive: () => boolean;
  readonly send: () => void;
}

export class ToldAbilities {
  readonly #options: ToldOptions;
  #told = '';
  #wait: NodeJS.Timeout | undefined;

  constructor(options: ToldOptions) {
    this.#options = options;
  }

  /**
   * A greeting says what is proved now. That of a session which is to replace a live one may come to nothing: what the control
   * plane knows by then is not known, and whatever holds is news.
   */
  greeted(): void {
    this.#told = this.#options.isLive() ? '' : this.#options.proved();
  }

  /** Something may have changed. */
  consider(): void {
    const { proved, isLive, send } = this.#options;
    if (this.#wait !== undefined || !isLive() || proved() === this.#told) return;
    this.#told = proved();
    send();
    this.#wait = setTimeout(() => {
      this.#wait = undefined;
      this.consider();
    }, EVERY_MS).unref();
  }

  stop(): void {
    clearTimeout(this.#wait);
  }
}
