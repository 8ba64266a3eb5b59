/**
 * Records a Playwright trace of a session, so that a step can be looked at afterwards.
 *
 * Invariant: nothing is recorded while a secret is in play. Recording is stopped entirely and not only its chunk, because
 * Playwright's network log runs on between chunks. What is kept is scrubbed.
 */
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import type { BrowserContext } from 'playwright-core';
import type { EvidenceRules } from '@casare/shared/workflow';
import type { SecretMemory } from './memory.ts';
import { scrubTrace } from './scrub-trace.ts';

/** A recording of so many steps starts anew, so that a long run does not fill the disk. */
const STEPS_PER_RECORDING = 40;
/** A longer recording is dropped: it is read into memory to be scrubbed. */
const MAX_TRACE_BYTES = 100 * 2 ** 20;

export class TraceRecorder {
  readonly #context: BrowserContext;
  readonly #memory: SecretMemory;
  #recording = false;
  #filmed = false;
  #steps = 0;

  constructor(context: BrowserContext, memory: SecretMemory) {
    this.#context = context;
    this.#memory = memory;
  }

  /**
   * Called before each step acts; `never` also while a secret is in play. A trace that is only kept of failures has no film of
   * the page: that costs every step half of its time again, and a failure has a picture anyway.
   */
  async before(kept: EvidenceRules['trace']): Promise<void> {
    if (kept === 'never') return this.discard();
    this.#steps += 1;
    const isFilmMissing = kept === 'always' && !this.#filmed;
    if (this.#steps > STEPS_PER_RECORDING || isFilmMissing) await this.discard();
    if (this.#recording) return;
    this.#filmed = kept === 'always';
    await this.#context.tracing.start({ screenshots: this.#filmed, snapshots: true });
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

  async discard(): Promise<void> {
    if (!this.#recording) return;
    this.#recording = false;
    await this.#context.tracing.stop();
  }
}
