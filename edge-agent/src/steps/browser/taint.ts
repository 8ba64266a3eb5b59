/**
 * Whether a secret is in play: a step uses one, or an open page still holds one that a step typed (the click that sends a
 * sign-in form comes after the step that typed the password). While it is, nothing of the session is recorded but
 * screenshots with the secret covered.
 */
import type { BrowserContext } from 'playwright-core';
import { textsOfDocument } from './in-page.ts';
import type { SecretMemory } from './memory.ts';
import { within } from '../within.ts';

const LOOK_MS = 2_000;

export class Taint {
  readonly #context: BrowserContext;
  readonly #memory: SecretMemory;
  #tainted = false;

  constructor(context: BrowserContext, memory: SecretMemory) {
    this.#context = context;
    this.#memory = memory;
  }

  /** As `look` found it last. */
  get is(): boolean {
    return this.#tainted;
  }

  /** Called before each step acts. */
  async look(usesSecret: boolean): Promise<boolean> {
    if (usesSecret) {
      this.#tainted = true;
    } else if (this.#tainted && !(await this.isShown())) {
      this.#memory.forgetFields();
      this.#tainted = false;
    }
    return this.#tainted;
  }

  /** True when an open page holds a secret, in a field, in its text or in its address, or cannot be asked. */
  async isShown(): Promise<boolean> {
    if (this.#memory.isEmpty) return false;
    const frames = this.#context.pages().flatMap((page) => page.frames());
    try {
      const texts = await within(LOOK_MS, Promise.all(frames.map((frame) => frame.evaluate(textsOfDocument))));
      return texts.flat().some((text) => this.#memory.isIn(text));
    } catch {
      return true;
    }
  }
}
