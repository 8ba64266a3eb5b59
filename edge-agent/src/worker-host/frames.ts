/**
 * Messages over a stream between processes: four bytes of length, then JSON. The reader holds one frame at most and no more
 * of it than its bound; half a frame harms nobody but its sender. A peer that does not read is left, once too much waits.
 *
 * Invariant: whatever comes, and whatever is thrown by whoever gets it, ends this connection at most, and not the process.
 */
import type { Duplex } from 'node:stream';
import { describe, Fault } from '../fault.ts';

const HEADER_BYTES = 4;
/** What may wait to be read by the peer, bytes; the journal of a resumed run is the largest there is. */
const WAITING_BYTES = 536_870_912;

export interface FrameOptions {
  /** The largest frame that is taken. */
  readonly maxBytes: number;
  readonly onFrame: (raw: unknown) => void;
  /** Once, when no frame comes any more; with what was wrong, if something was. */
  readonly onEnd: (why: string) => void;
}

export class FrameLink {
  readonly #stream: Duplex;
  #options: FrameOptions;
  #pieces: Buffer[] = [];
  #bytes = 0;
  #isOver = false;
  #isPaused = false;

  constructor(stream: Duplex, options: FrameOptions) {
    this.#stream = stream;
    this.#options = options;
    stream.on('data', (piece: Buffer) => this.#take(piece));
    stream.on('error', (error) => this.#over(error.message));
    stream.on('end', () => this.#over('the other end has closed it'));
    stream.on('close', () => this.#over('it was closed'));
  }

  /** Whoever the frames are for from now on, such as once the peer has proved who it is. */
  reads(options: FrameOptions): void {
    this.#options = options;
  }

  /** False when the peer is slow: whoever sends much waits for `drained`. */
  send(message: unknown): boolean {
    if (this.#isOver) return true;
    const text = JSON.stringify(message);
    const bytes = Buffer.byteLength(text);
    const frame = Buffer.allocUnsafe(HEADER_BYTES + bytes);
    frame.writeUInt32BE(bytes, 0);
    frame.write(text, HEADER_BYTES);
    const isQuick = this.#stream.write(frame);
    if (this.#stream.writableLength > WAITING_BYTES) this.destroy();
    return isQuick;
  }

  drained(then: () => void): void {
    this.#stream.once('drain', then);
  }

  /** Leaves what the peer sends where it is: it stands still as soon as the pipe is full. */
  pause(): void {
    this.#isPaused = true;
    this.#stream.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#stream.resume();
    this.#drain();
  }

  /** Says the last; resolves when it has left. */
  end(): Promise<void> {
    return new Promise((resolve) => {
      this.#isOver = true;
      this.#stream.end(() => resolve());
    });
  }

  destroy(): void {
    this.#stream.destroy();
  }

  #take(piece: Buffer): void {
    // Nobody would ever take it away.
    if (this.#isOver) return;
    this.#pieces.push(piece);
    this.#bytes += piece.length;
    this.#drain();
  }

  /** Hands over the frames that are whole. */
  #drain(): void {
    while (!this.#isPaused && !this.#isOver && this.#bytes >= HEADER_BYTES) {
      const length = this.#header();
      if (length > this.#options.maxBytes) {
        this.#over(`a frame of ${length} bytes was announced, and ${this.#options.maxBytes} are taken`);
        this.destroy();
        return;
      }
      if (this.#bytes < HEADER_BYTES + length) return;
      this.#handOver(this.#cut(HEADER_BYTES + length).subarray(HEADER_BYTES));
    }
  }

  #handOver(frame: Buffer): void {
    let raw: unknown;
    try {
      raw = JSON.parse(frame.toString('utf8'));
    } catch {
      this.#over('what came is not JSON');
      this.destroy();
      return;
    }
    try {
      this.#options.onFrame(raw);
    } catch (error) {
      this.#over(`what came could not be dealt with: ${describe(error)}`);
      this.destroy();
    }
  }

  #header(): number {
    if (this.#pieces[0]!.length < HEADER_BYTES) this.#pieces = [Buffer.concat(this.#pieces)];
    return this.#pieces[0]!.readUInt32BE(0);
  }

  /** Takes so many bytes off the front. Pieces are joined once a frame is whole, not at every one that comes. */
  #cut(bytes: number): Buffer {
    const all = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces);
    this.#pieces = all.length === bytes ? [] : [all.subarray(bytes)];
    this.#bytes -= bytes;
    return all.subarray(0, bytes);
  }

  #over(why: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.onEnd(why);
  }
}

/** What a peer that keeps to no protocol is left with. */
export function protocolFault(what: string): Fault {
  return new Fault('WORKER_CHANNEL', `the other end of a worker's channel does not keep to its protocol: ${what}`);
}
