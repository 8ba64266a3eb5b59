/**
 * The artifact streams of one session: each a file on its way to the control plane, with its own credit window.
 *
 * Invariants: an agent may send only what it has credit for, so a stream holds at most `STREAM_CREDIT_BYTES` here; the
 * chunks of a stream are written in order, one at a time; a full disk or a database that is away refuses that file for
 * now and harms neither the session nor other files.
 */
import { STREAM_CREDIT_BYTES, STREAMS_PER_TUNNEL, type Chunk } from '@casare/shared/protocol';
import type { AgentRef, ArtifactsService, Upload } from '../jobs/index.ts';
import type { Log } from '../platform/log.ts';
import type { FromAgent, ServerMessage } from './wire.ts';

export interface ArtifactStreamsOptions {
  readonly agent: AgentRef;
  readonly artifacts: Pick<ArtifactsService, 'open'>;
  readonly send: (message: ServerMessage) => void;
  /** The agent broke the protocol: the session ends. */
  readonly violated: (why: string) => void;
  readonly log: Log;
}

interface Stream {
  readonly id: number;
  upload: Upload | null;
  /** Where the next chunk must begin. */
  expected: number;
  /** The end of the credit that was given, exclusive. */
  upTo: number;
  /** Bytes that are on disk. */
  written: number;
  /** The agent said that all was sent. */
  ended: boolean;
  /** The stream's work, one after the other. */
  tail: Promise<void>;
}

export class ArtifactStreams {
  readonly #options: ArtifactStreamsOptions;
  readonly #streams = new Map<number, Stream>();

  constructor(options: ArtifactStreamsOptions) {
    this.#options = options;
  }

  open(message: FromAgent<'artifact.open'>): void {
    const { stream: id } = message;
    if (this.#streams.has(id)) {
      this.#options.violated(`stream ${id} is open already`);
      return;
    }
    if (this.#streams.size >= STREAMS_PER_TUNNEL) {
      this.#refuse(id, 'TOO_MANY_STREAMS', `At most ${STREAMS_PER_TUNNEL} files are sent at once.`);
      return;
    }
    const stream: Stream = {
      id,
      upload: null,
      expected: 0,
      upTo: 0,
      written: 0,
      ended: false,
      tail: Promise.resolve(),
    };
    this.#streams.set(id, stream);
    this.#then(stream, () => this.#begin(stream, message));
  }

  /** A binary frame. Chunks of a stream that is over here may still be on their way: they are dropped. */
  chunk(chunk: Chunk): void {
    const stream = this.#streams.get(chunk.stream);
    if (!stream) return;
    const end = chunk.offset + chunk.payload.byteLength;
    if (stream.ended || chunk.offset !== stream.expected || end > stream.upTo) {
      this.#options.violated(`a chunk of stream ${stream.id} is out of order or beyond its credit`);
      return;
    }
    stream.expected = end;
    this.#then(stream, () => this.#write(stream, chunk));
  }

  end({ stream: id }: FromAgent<'artifact.end'>): void {
    const stream = this.#streams.get(id);
    if (!stream) return;
    if (stream.ended || stream.upload === null) {
      this.#options.violated(`stream ${id} cannot end now`);
      return;
    }
    stream.ended = true;
    this.#then(stream, () => this.#finish(stream));
  }

  abort({ stream: id }: FromAgent<'artifact.abort'>): void {
    const stream = this.#streams.get(id);
    if (stream) this.#drop(stream);
  }

  /** The session is over. What was received stays on disk for the next one. */
  async close(): Promise<void> {
    const streams = [...this.#streams.values()];
    for (const stream of streams) this.#drop(stream);
    await Promise.all(streams.map((stream) => stream.tail));
  }

  async #begin(stream: Stream, message: FromAgent<'artifact.open'>): Promise<void> {
    const answer = await this.#options.artifacts.open(this.#options.agent, message);
    if ('stored' in answer) {
      this.#stored(stream, answer.stored);
      return;
    }
    if ('refused' in answer) {
      this.#refused(stream, answer.refused);
      return;
    }
    if (!this.#streams.has(stream.id)) return answer.upload.abort();
    const { from } = answer.upload;
    Object.assign(stream, { upload: answer.upload, expected: from, written: from });
    this.#credit(stream);
  }

  async #write(stream: Stream, { offset, payload }: Chunk): Promise<void> {
    await stream.upload?.write(offset, payload);
    stream.written = offset + payload.byteLength;
    const under = stream.upTo - stream.written;
    if (stream.upload && under <= STREAM_CREDIT_BYTES / 2 && stream.upTo < stream.upload.bytes) this.#credit(stream);
  }

  async #finish(stream: Stream): Promise<void> {
    const answer = await stream.upload?.finish();
    if (!answer) return;
    if ('stored' in answer) this.#stored(stream, answer.stored);
    else this.#refused(stream, answer.refused);
  }

  #credit(stream: Stream): void {
    const { id, written, upload } = stream;
    stream.upTo = Math.min(written + STREAM_CREDIT_BYTES, upload!.bytes);
    this.#options.send({ type: 'artifact.credit', stream: id, from: written, upTo: stream.upTo });
  }

  #stored(stream: Stream, artifactId: string): void {
    if (this.#streams.delete(stream.id)) {
      this.#options.send({ type: 'artifact.stored', stream: stream.id, artifactId });
    }
  }

  #refused(stream: Stream, { code, reason }: { code: string; reason: string }): void {
    if (this.#streams.delete(stream.id)) this.#refuse(stream.id, code, reason);
  }

  #refuse(stream: number, code: string, reason: string): void {
    this.#options.send({ type: 'artifact.refused', stream, code, reason });
  }

  /** Queues work of a stream; work of a stream that is over meanwhile is left out. */
  #then(stream: Stream, work: () => Promise<void>): void {
    stream.tail = stream.tail.then(async () => {
      if (!this.#streams.has(stream.id)) return;
      try {
        await work();
      } catch (error) {
        this.#failed(stream, error);
      }
    });
  }

  #failed(stream: Stream, error: unknown): void {
    const full = (error as { code?: unknown }).code === 'ENOSPC';
    this.#options.log.warn('a file could not be taken for now', { ...this.#options.agent, error });
    const reason = full ? 'The disk of the control plane is full.' : 'The control plane cannot take files now.';
    this.#refused(stream, { code: full ? 'ARTIFACT_STORE_FULL' : 'ARTIFACT_BUSY', reason });
    void this.#abandon(stream);
  }

  /** Forgets a stream; what it has under way ends first. */
  #drop(stream: Stream): void {
    if (!this.#streams.delete(stream.id)) return;
    stream.tail = stream.tail.then(() => this.#abandon(stream));
  }

  async #abandon(stream: Stream): Promise<void> {
    try {
      await stream.upload?.abort();
    } catch (error) {
      this.#options.log.warn('an upload could not be put aside', { ...this.#options.agent, error });
    }
  }
}
