/**
 * A large file under a key of its own: pieces of 64 KiB, each AES-256-GCM, so that any place of it can be read without the
 * rest, and no piece can be changed, moved, left out or added.
 *
 *   "CASAREB1"  16 bytes of the backup's id  then pieces: ciphertext and 16 bytes of tag
 *
 * Invariants: a key seals one file, so a piece's number may be its nonce: 11 bytes of counter, then 1 for the last piece
 * and 0 for any other (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, 2015, as `age` uses it). Every
 * piece is bound to the head; what follows the last piece, or is cut off before it, does not open.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { Transform, type TransformCallback } from 'node:stream';

export const ID_BYTES = 16;
export const KEY_BYTES = 32;
const MAGIC = Buffer.from('CASAREB1', 'latin1');
const HEAD_BYTES = MAGIC.length + ID_BYTES;
const PIECE_BYTES = 65_536;
const TAG_BYTES = 16;

/** Seals what is written to it. */
export class SealStream extends Transform {
  readonly #key: Uint8Array;
  readonly #head: Buffer;
  #pending: Buffer[] = [];
  #size = 0;
  #number = 0;

  /** `key` has 32 bytes and seals nothing else; `id` has 16. */
  constructor(key: Uint8Array, id: Uint8Array) {
    super();
    this.#key = key;
    this.#head = Buffer.concat([MAGIC, id]);
    this.push(this.#head);
  }

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    this.#pending.push(chunk);
    this.#size += chunk.length;
    // The last piece is known only at the end, so a whole one is kept back.
    if (this.#size > PIECE_BYTES) {
      let all = Buffer.concat(this.#pending);
      for (; all.length > PIECE_BYTES; all = all.subarray(PIECE_BYTES)) {
        this.push(this.#piece(all.subarray(0, PIECE_BYTES), false));
      }
      this.#pending = [all];
      this.#size = all.length;
    }
    done();
  }

  override _flush(done: TransformCallback): void {
    done(null, this.#piece(Buffer.concat(this.#pending), true));
  }

  #piece(plain: Buffer, last: boolean): Buffer {
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonceOf(this.#number++, last));
    cipher.setAAD(this.#head);
    return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  }
}

/** Why a sealed file does not open. */
export class SealedFileError extends Error {}

/** The id in the head of a sealed file. @throws SealedFileError when it is none */
export async function idOfSealed(file: string): Promise<Buffer> {
  await using handle = await open(file, 'r');
  return (await headOf(handle)).subarray(MAGIC.length);
}

/** A sealed file, read at any place. */
export class SealedFile {
  readonly #handle: FileHandle;
  readonly #key: Uint8Array;
  readonly #head: Buffer;
  readonly #pieces: number;
  /** Bytes of the content. */
  readonly size: number;
  #kept: { readonly number: number; readonly plain: Buffer } | null = null;

  private constructor(handle: FileHandle, key: Uint8Array, head: Buffer, bytes: number) {
    const body = bytes - HEAD_BYTES;
    this.#handle = handle;
    this.#key = key;
    this.#head = head;
    this.#pieces = Math.max(1, Math.ceil(body / (PIECE_BYTES + TAG_BYTES)));
    this.size = body - this.#pieces * TAG_BYTES;
  }

  /** Opens it and its last piece: a file that was cut off or continued is refused here. @throws SealedFileError */
  static async open(file: string, key: Uint8Array): Promise<SealedFile> {
    const handle = await open(file, 'r');
    try {
      const sealed = new SealedFile(handle, key, await headOf(handle), (await handle.stat()).size);
      await sealed.#piece(sealed.#pieces - 1);
      return sealed;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** The bytes from `start` on, at most `length` and at most a piece. @throws SealedFileError */
  async read(start: number, length: number): Promise<Buffer> {
    const number = Math.floor(start / PIECE_BYTES);
    const plain = await this.#piece(number);
    const from = start - number * PIECE_BYTES;
    return plain.subarray(from, from + length);
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  async #piece(number: number): Promise<Buffer> {
    if (this.#kept?.number === number) return this.#kept.plain;
    const sealed = Buffer.alloc(PIECE_BYTES + TAG_BYTES);
    const place = HEAD_BYTES + number * sealed.length;
    const { bytesRead } = await this.#handle.read(sealed, 0, sealed.length, place);
    const plain = this.#opened(sealed.subarray(0, bytesRead), number);
    this.#kept = { number, plain };
    return plain;
  }

  #opened(sealed: Buffer, number: number): Buffer {
    if (sealed.length < TAG_BYTES) throw new SealedFileError('it was cut off');
    const decipher = createDecipheriv('aes-256-gcm', this.#key, nonceOf(number, number === this.#pieces - 1));
    decipher.setAAD(this.#head);
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    try {
      return Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()]);
    } catch {
      throw new SealedFileError(
        `piece ${number + 1} of ${this.#pieces} is not what was written, or the key is another one`,
      );
    }
  }
}

async function headOf(handle: FileHandle): Promise<Buffer> {
  const head = Buffer.alloc(HEAD_BYTES);
  const { bytesRead } = await handle.read(head, 0, HEAD_BYTES, 0);
  if (bytesRead === HEAD_BYTES && head.subarray(0, MAGIC.length).equals(MAGIC)) return head;
  throw new SealedFileError('it does not begin as a backup does');
}

function nonceOf(number: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64BE(BigInt(number), 3);
  nonce[11] = last ? 1 : 0;
  return nonce;
}
