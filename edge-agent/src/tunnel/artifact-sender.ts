/**
 * Uploads waiting files over a session: at most eight streams, each only as far as its credit, resumed at the offset
 * the control plane names. One sender lives as long as one session; what it did not finish is opened again by the next
 * one under the same artifact id, and the control plane answers with the offset it already has.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { CHUNK_BYTES, encodeChunk, STREAMS_PER_TUNNEL } from '@casare/shared/protocol';
import { codeOf } from '../fault.ts';
import type { ArtifactRow } from '../outbox/index.ts';
import { BUFFER_HIGH_BYTES, type Link, type Message } from './link.ts';

/** Where the sender finds its files and tells what became of them. */
export interface ArtifactSource {
  /** Files to upload, most urgent first. */
  waiting(limit: number): ArtifactRow[];
  pathOf(row: ArtifactRow): string;
  stored(artifactId: string): void;
  /** The file will not arrive: the control plane refused it, or it is gone from this disk. */
  refused(artifactId: string, code: string, reason: string): void;
}

/** The first and the longest wait of a file after a passing refusal, milliseconds; it doubles in between. */
const RETRY_MS = { first: 2_000, last: 60_000 };
/** Refusals that a later try may not meet again, however long it takes: the control plane is busy or full. */
const PASSING_REFUSALS: ReadonlySet<string> = new Set(['ARTIFACT_BUSY', 'ARTIFACT_STORE_FULL', 'TOO_MANY_STREAMS']);
/** Refusals of what arrived: sent again a few times, then given up. */
const DAMAGE: ReadonlySet<string> = new Set(['ARTIFACT_INCOMPLETE', 'ARTIFACT_HASH']);
const DAMAGED_TRIES = 3;
/**
 * The tenant's storage is used up, which only people change: an output is tried for about ten minutes of a live tunnel, evidence
 * not as long as an ending waits for it. Then the run ends and says so, instead of holding its slot.
 */
const QUOTA = 'QUOTA_STORED_BYTES';
const QUOTA_TRIES = { output: 14, evidence: 2 };

interface Stream {
  readonly id: number;
  readonly row: ArtifactRow;
  offset: number;
  upTo: number;
  opened: boolean;
  ended: boolean;
  sending: boolean;
}

export class ArtifactSender {
  readonly #source: ArtifactSource;
  readonly #link: Link;
  readonly #streams = new Map<number, Stream>();
  /** Artifacts put off for a while. */
  readonly #later = new Map<string, NodeJS.Timeout>();
  readonly #tries = new Map<string, number>();
  #nextStream = 1;
  #closed = false;

  constructor(source: ArtifactSource, link: Link) {
    this.#source = source;
    this.#link = link;
  }

  /** Opens streams for waiting files, as many as there is room for. */
  pump(): void {
    if (this.#closed) return;
    const busy = new Set([...this.#streams.values()].map((stream) => stream.row.artifactId));
    const rows = this.#source.waiting(STREAMS_PER_TUNNEL * 2 + this.#later.size);
    for (const row of rows) {
      if (this.#streams.size >= STREAMS_PER_TUNNEL) return;
      if (!busy.has(row.artifactId) && !this.#later.has(row.artifactId)) this.#open(row);
    }
  }

  /** The control plane allows bytes up to `upTo`; the first credit also says where to start. */
  credit(message: Message<'artifact.credit'>): void {
    const stream = this.#streams.get(message.stream);
    if (stream === undefined) return;
    if (message.from > stream.row.bytes) {
      this.#abort(stream, 'credit starts behind the end of the file');
      return;
    }
    if (!stream.opened) stream.offset = message.from;
    stream.opened = true;
    stream.upTo = Math.max(stream.upTo, message.upTo);
    void this.#send(stream);
  }

  stored(message: Message<'artifact.stored'>): void {
    const stream = this.#streams.get(message.stream);
    if (stream === undefined || stream.row.artifactId !== message.artifactId) return;
    this.#streams.delete(stream.id);
    this.#source.stored(stream.row.artifactId);
    this.pump();
  }

  refused(message: Message<'artifact.refused'>): void {
    const stream = this.#streams.get(message.stream);
    if (stream === undefined) return;
    this.#streams.delete(stream.id);
    const { artifactId } = stream.row;
    if (isPassing(message.code, stream.row, this.#tries.get(artifactId) ?? 0)) this.#putOff(artifactId);
    else this.#source.refused(artifactId, message.code, message.reason);
    this.pump();
  }

  /** The session is over: nothing more is sent. */
  close(): void {
    this.#closed = true;
    this.#streams.clear();
    for (const timer of this.#later.values()) clearTimeout(timer);
    this.#later.clear();
  }

  #open(row: ArtifactRow): void {
    const id = this.#nextStream++;
    this.#streams.set(id, { id, row, offset: 0, upTo: 0, opened: false, ended: false, sending: false });
    this.#link.send({
      type: 'artifact.open',
      stream: id,
      jobId: row.jobId,
      attempt: row.attempt,
      artifactId: row.artifactId,
      name: row.name,
      kind: row.kind,
      mediaType: row.mediaType,
      bytes: row.bytes,
      sha256: row.sha256,
      ...(row.position === null ? {} : { position: row.position }),
    });
  }

  async #send(stream: Stream): Promise<void> {
    if (stream.sending || stream.ended) return;
    stream.sending = true;
    let file: FileHandle | null = null;
    try {
      file = await open(this.#source.pathOf(stream.row), 'r');
      while (this.#active(stream) && stream.offset < Math.min(stream.upTo, stream.row.bytes)) {
        await this.#sendChunk(stream, file);
      }
      if (this.#active(stream) && stream.offset === stream.row.bytes) {
        stream.ended = true;
        this.#link.send({ type: 'artifact.end', stream: stream.id });
      }
    } catch (error) {
      this.#lost(stream, error);
    } finally {
      stream.sending = false;
      await file?.close();
    }
  }

  async #sendChunk(stream: Stream, file: FileHandle): Promise<void> {
    const length = Math.min(CHUNK_BYTES, stream.upTo - stream.offset, stream.row.bytes - stream.offset);
    const { bytesRead, buffer } = await file.read(new Uint8Array(length), 0, length, stream.offset);
    if (bytesRead === 0) throw new Error('the file is shorter than it was');
    if (!this.#active(stream)) return;
    const payload = buffer.subarray(0, bytesRead);
    const frame = encodeChunk({ stream: stream.id, offset: stream.offset, payload });
    stream.offset += bytesRead;
    await new Promise<void>((resolve) => {
      const full = this.#link.buffered() > BUFFER_HIGH_BYTES;
      this.#link.sendFrame(frame, full ? resolve : () => undefined);
      if (!full) resolve();
    });
  }

  #lost(stream: Stream, error: unknown): void {
    if (!this.#active(stream)) return;
    this.#abort(stream, 'the file cannot be read');
    const reason = `the file cannot be read (${codeOf(error) || 'changed'})`;
    this.#source.refused(stream.row.artifactId, 'ARTIFACT_LOST', reason);
    // What tells of the loss may go at once.
    this.pump();
  }

  #abort(stream: Stream, reason: string): void {
    this.#streams.delete(stream.id);
    this.#putOff(stream.row.artifactId);
    this.#link.send({ type: 'artifact.abort', stream: stream.id, reason });
    this.pump();
  }

  #putOff(artifactId: string): void {
    const tries = this.#tries.get(artifactId) ?? 0;
    this.#tries.set(artifactId, tries + 1);
    clearTimeout(this.#later.get(artifactId));
    const retry = (): void => {
      this.#later.delete(artifactId);
      this.pump();
    };
    const delayMs = Math.min(RETRY_MS.last, RETRY_MS.first * 2 ** Math.min(tries, 10));
    this.#later.set(artifactId, setTimeout(retry, delayMs).unref());
  }

  #active(stream: Stream): boolean {
    return !this.#closed && this.#streams.get(stream.id) === stream;
  }
}

/** Whether a file that was refused `tries` times before is sent again. */
function isPassing(code: string, { kind }: ArtifactRow, tries: number): boolean {
  if (code === QUOTA) return tries < QUOTA_TRIES[kind === 'output' ? 'output' : 'evidence'];
  return PASSING_REFUSALS.has(code) || (DAMAGE.has(code) && tries < DAMAGED_TRIES);
}
