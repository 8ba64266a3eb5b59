/**
 * The write-ahead log of the outbox, flushed by ourselves, beside SQLite: in the background, and once for all who wait.
 *
 * SQLite flushes inside COMMIT, so the whole agent would stand still for each start of a step that must not be repeated. A
 * commit under `synchronous = NORMAL` has written its frames to this file, and recovery takes every whole commit that it finds
 * there: a flush of the file after the commit makes it, and all before it, survive a power cut
 * (https://www.sqlite.org/wal.html, "Performance Considerations"; https://www.sqlite.org/walformat.html, "Recovery").
 *
 * The file is given the size that it has between two checkpoints before it is used, as zeros, which are no frames: a flush then
 * waits for the data alone and not for the file system's own journal.
 */
import { close, fdatasync, fstatSync, openSync, writeSync } from 'node:fs';
import { describe, Fault } from '../fault.ts';

/** Frames until SQLite checkpoints by itself, and the commit that crosses the line. */
const FRAMES = 1_000 + 100;
const LOG_BYTES = 32 + FRAMES * (24 + 4_096);
const ZEROS = 65_536;

export type Flush = (done: (error: Error | null) => void) => void;

export class WriteAheadLog {
  readonly #flush: Flush;
  readonly #close: () => void;
  #running: Promise<void> | null = null;
  /** What was written when the running flush began. */
  #flushed = 0;
  #next: Promise<void> | null = null;
  #closed = false;

  /** @param flush makes what was written until now survive a power cut; never called again before it is done */
  constructor(flush: Flush, closeFile: () => void = () => undefined) {
    this.#flush = flush;
    this.#close = closeFile;
  }

  /** The log of an open database. */
  static of(database: string): WriteAheadLog {
    const file = openSync(`${database}-wal`, 'r+');
    fill(file);
    return new WriteAheadLog(
      (done) => fdatasync(file, done),
      () => close(file, () => undefined),
    );
  }

  /**
   * Resolves when everything that was written before the call is on the disk. Whoever asks while a flush is under way shares it, or
   * the one after it when something has been written since it began. Rejects with OUTBOX_FAILED: what was written may be lost by a
   * power cut.
   *
   * @param written how much has been written by now: a number that grows with each commit
   */
  flush(written: () => number): Promise<void> {
    // The next one has not begun yet, also where the one before it has just ended.
    if (this.#next !== null) return this.#next;
    if (this.#running === null) return this.#run(written());
    if (written() === this.#flushed) return this.#running;
    this.#next = this.#running.then(ignore, ignore).then(() => {
      this.#next = null;
      return this.#run(written());
    });
    return this.#next;
  }

  /** A flush under way ends first. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#running === null) this.#close();
  }

  #run(written: number): Promise<void> {
    if (this.#closed) return Promise.reject(new Fault('OUTBOX_FAILED', 'the outbox is closed'));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#running = promise;
    this.#flushed = written;
    this.#flush((error) => {
      this.#running = null;
      if (this.#closed) this.#close();
      if (error === null) resolve();
      else reject(new Fault('OUTBOX_FAILED', `the outbox could not be flushed: ${describe(error)}: check the disk`));
    });
    return promise;
  }
}

function ignore(): void {
  // Whoever waited for it hears of it.
}

/** As far as there is room. */
function fill(file: number): void {
  const zeros = Buffer.alloc(ZEROS);
  try {
    for (let at = fstatSync(file).size; at < LOG_BYTES;)
      at += writeSync(file, zeros, 0, Math.min(ZEROS, LOG_BYTES - at), at);
  } catch {
    // The disk is full: the log grows while it is written, if it can.
  }
}
