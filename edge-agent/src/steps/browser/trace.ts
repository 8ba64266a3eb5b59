/**
 * Records a Playwright trace of a session, so that a failed step can be looked at afterwards.
 *
 * Invariants: nothing is recorded while a step uses a secret, nor after it until no open page holds the secret any more
 * (the click that sends a sign-in form comes after the step that typed the password). Recording is stopped entirely
 * and not only its chunk, because Playwright's network log runs on between chunks. What is kept is scrubbed.
 */
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import type { BrowserContext, Page } from 'playwright-core';
import { textsOfDocument } from './in-page.ts';
import type { SecretMemory } from './memory.ts';
import { scrubTrace } from './scrub-trace.ts';
import { within } from './within.ts';

/** A recording of so many steps starts anew, so that a long run does not fill the disk. */
const STEPS_PER_RECORDING = 40;
/** A longer recording is dropped: it is read into memory to be scrubbed. */
const MAX_TRACE_BYTES = 100 * 2 ** 20;
const LOOK_MS = 2_000;

export class TraceRecorder {
  readonly #context: BrowserContext;
  readonly #memory: SecretMemory;
  #recording = false;
  #tainted = false;
  #steps = 0;

  constructor(context: BrowserContext, memory: SecretMemory) {
    this.#context = context;
    this.#memory = memory;
  }

  /** Called before each step acts. */
  async before(usesSecret: boolean): Promise<void> {
    if (usesSecret) {
      this.#tainted = true;
      return this.#discard();
    }
    if (this.#tainted && (await showsSecret(this.#context, this.#memory))) return;
    if (this.#tainted) this.#memory.forgetFields();
    this.#tainted = false;
    this.#steps += 1;
    if (this.#steps > STEPS_PER_RECORDING) await this.#discard();
    if (this.#recording) return;
    await this.#context.tracing.start({ screenshots: true, snapshots: true });
    this.#recording = true;
    this.#steps = 1;
  }

  /** Writes the recording, scrubbed, to `path` (a zip). False when there is none, or it is too long to keep. */
  async save(path: string): Promise<boolean> {
    if (!this.#recording) return false;
    this.#recording = false;
    const raw = `${path}.raw`;
    try {
      await this.#context.tracing.stop({ path: raw });
      if ((await stat(raw)).size > MAX_TRACE_BYTES) return false;
      await writeFile(path, scrubTrace(await readFile(raw), this.#memory), { mode: 0o600 });
      return true;
    } finally {
      await rm(raw, { force: true });
    }
  }

  async #discard(): Promise<void> {
    if (!this.#recording) return;
    this.#recording = false;
    await this.#context.tracing.stop();
  }
}

/** True when an open page still holds a secret, in a field, in its text or in its address, or cannot be asked. */
export async function showsSecret(context: BrowserContext, memory: SecretMemory): Promise<boolean> {
  const frames = context.pages().flatMap((page: Page) => page.frames());
  try {
    const texts = await within(LOOK_MS, Promise.all(frames.map((frame) => frame.evaluate(textsOfDocument))));
    return texts.flat().some((text) => memory.isIn(text));
  } catch {
    return true;
  }
}
