/**
 * What a TLS client says first: the server's name (RFC 6066) and the application protocols that it offers (RFC 7301),
 * out of a ClientHello (RFC 8446, and 5246 before it) in any number of records and segments.
 *
 * It only chooses which TLS server gets the connection, and that one reads the same bytes again: nothing is granted
 * here. Strict, so that both readers see the same: what is not exactly a ClientHello is refused. Linear in its bytes,
 * which are bounded.
 */

export interface ClientHello {
  /** Lower case; null when none was given. */
  readonly serverName: string | null;
  /** As bytes in latin1. */
  readonly protocols: readonly string[];
}

export type HelloRead =
  | { readonly state: 'more' }
  | { readonly state: 'read'; readonly hello: ClientHello }
  | { readonly state: 'malformed'; readonly why: string };

/** Of the message itself. Real ones have 200 to 2,000 bytes. */
export const HELLO_BYTES = 16_384;
/** With the heads of its records, however small those are. */
export const HELLO_WIRE_BYTES = 32_768;

const RECORD_HEAD = 5;
const RECORD_BYTES = 16_384;
const HANDSHAKE = 22;
const MESSAGE_HEAD = 4;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;
const PROTOCOLS = 16;
const HOST_NAME = /^[a-z0-9_](?:[a-z0-9_.-]{0,253}[a-z0-9_])?$/i;

/** Takes the bytes of a connection as they come, until the ClientHello is whole. */
export class HelloReader {
  readonly #message = Buffer.alloc(MESSAGE_HEAD + HELLO_BYTES);
  #have = 0;
  readonly #head = Buffer.alloc(RECORD_HEAD);
  #headHave = 0;
  #recordLeft = 0;
  #wire = 0;

  /** Once the answer is no longer `more`, the reader is used up. */
  push(bytes: Buffer): HelloRead {
    try {
      return this.#push(bytes);
    } catch (error) {
      if (error instanceof Malformed) return { state: 'malformed', why: error.message };
      throw error;
    }
  }

  #push(bytes: Buffer): HelloRead {
    for (let at = 0; at < bytes.length;) {
      const before = at;
      at = this.#recordLeft === 0 ? this.#takeHead(bytes, at) : this.#takeBody(bytes, at);
      this.#wire += at - before;
      if (this.#isWhole()) return { state: 'read', hello: parse(this.#message.subarray(MESSAGE_HEAD, this.#have)) };
      if (this.#wire > HELLO_WIRE_BYTES) throw new Malformed('a ClientHello in too many records');
    }
    return { state: 'more' };
  }

  #takeHead(bytes: Buffer, at: number): number {
    const taken = bytes.copy(this.#head, this.#headHave, at, at + RECORD_HEAD - this.#headHave);
    this.#headHave += taken;
    // Judged by its first byte, so that whoever speaks no TLS does not wait.
    if (this.#head[0] !== HANDSHAKE || (this.#headHave > 1 && this.#head[1] !== 3)) throw new Malformed('no TLS');
    if (this.#headHave === RECORD_HEAD) {
      this.#headHave = 0;
      this.#recordLeft = this.#head.readUInt16BE(3);
      if (this.#recordLeft === 0 || this.#recordLeft > RECORD_BYTES) throw new Malformed('a record of a wrong length');
    }
    return at + taken;
  }

  #takeBody(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#recordLeft);
    const taken = bytes.copy(this.#message, this.#have, at, end);
    this.#have += taken;
    this.#recordLeft -= taken;
    if (this.#message[0] !== CLIENT_HELLO) throw new Malformed('another message than a ClientHello');
    if (this.#have >= MESSAGE_HEAD) {
      const length = MESSAGE_HEAD + this.#length();
      if (length > this.#message.length) throw new Malformed(`a ClientHello of more than ${HELLO_BYTES} bytes`);
      // The key changes after it, so nothing may share its last record (RFC 8446 section 5.1).
      if (this.#have + this.#recordLeft > length) throw new Malformed('a ClientHello with more');
    }
    return at + taken;
  }

  #isWhole(): boolean {
    return this.#have >= MESSAGE_HEAD && this.#have === MESSAGE_HEAD + this.#length();
  }

  #length(): number {
    return this.#message.readUIntBE(1, 3);
  }
}

class Malformed extends Error {}

/** The body of the message. */
function parse(body: Buffer): ClientHello {
  const reader = new Reader(body);
  if (reader.uint(1) !== 3) throw new Malformed('another major version');
  reader.bytes(1 + 32);
  if (reader.vector(1).left > 32) throw new Malformed('a session id that is too long');
  const suites = reader.vector(2).left;
  if (suites < 2 || suites % 2 !== 0) throw new Malformed('a list of cipher suites that is none');
  if (reader.vector(1).left < 1) throw new Malformed('no compression method');
  // Before TLS 1.3 a ClientHello may have no extensions at all.
  const extensions = reader.left === 0 ? reader : reader.vector(2);
  reader.end();
  const seen = new Set<number>();
  let serverName: string | null = null;
  let protocols: readonly string[] = [];
  while (extensions.left > 0) {
    const type = extensions.uint(2);
    const data = extensions.vector(2);
    if (seen.has(type)) throw new Malformed('an extension twice');
    seen.add(type);
    if (type === SERVER_NAME) serverName = readServerName(data);
    if (type === PROTOCOLS) protocols = readProtocols(data);
  }
  return { serverName, protocols };
}

function readServerName(data: Reader): string {
  const list = data.vector(2);
  data.end();
  if (list.uint(1) !== 0) throw new Malformed('a server name of an unknown type');
  const name = list.vector(2).text();
  list.end();
  if (!HOST_NAME.test(name)) throw new Malformed('a server name that is none');
  return name.toLowerCase();
}

function readProtocols(data: Reader): string[] {
  const list = data.vector(2);
  data.end();
  if (list.left === 0) throw new Malformed('an empty list of protocols');
  const names: string[] = [];
  while (list.left > 0) {
    const name = list.vector(1).text();
    if (name === '') throw new Malformed('an empty protocol');
    names.push(name);
  }
  return names;
}

/** Reads numbers and vectors, and never beyond the end. */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  bytes(length: number): Buffer {
    if (length > this.left) throw new Malformed('it ends too early');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  uint(length: number): number {
    return this.bytes(length).readUIntBE(0, length);
  }

  /** What follows a length of `head` bytes. */
  vector(head: number): Reader {
    return new Reader(this.bytes(this.uint(head)));
  }

  text(): string {
    return this.bytes(this.left).toString('latin1');
  }

  end(): void {
    if (this.left > 0) throw new Malformed('it has more than it says');
  }
}
