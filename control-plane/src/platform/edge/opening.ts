/**
 * The first bytes of a connection, read before any server has it: the PROXY header where the peer must send one, and
 * the ClientHello where one port serves all. The header is taken away; everything after it is put back, so that the
 * server reads it as if it had come to it directly.
 *
 * Bounded in bytes, in time, and in how many are under way: at the bound the OLDEST is dropped, since whoever stalls on
 * purpose is the oldest soon and an honest opening takes milliseconds.
 */
import type { Socket } from 'node:net';
import type { ClientAddress } from './client-address.ts';
import { HelloReader, type ClientHello } from './client-hello.ts';
import { readProxyHeader } from './proxy-header.ts';

export interface OpeningWants {
  /** The peer is a listed balancer: a PROXY header is required. From others none is ever read. */
  readonly proxy: boolean;
  /** Services are told apart by the ClientHello. */
  readonly hello: boolean;
}

export interface Opening {
  /** Whom the balancer named; null: the peer is the client. */
  readonly client: ClientAddress | null;
  /** Null when none was wanted, or when the client speaks no TLS (`plain`). */
  readonly hello: ClientHello | null;
  /** It begins like a request of plain HTTP. */
  readonly plain: boolean;
}

export interface OpeningsOptions {
  /** How many are under way at once. */
  readonly limit: number;
  /** Time for each, milliseconds. */
  readonly withinMs: number;
  /** Told of each that failed after it had begun, or that took too long; its socket is destroyed. */
  readonly onFailed: (socket: Socket, why: string) => void;
}

export class Openings {
  readonly #options: OpeningsOptions;
  readonly #pending = new Map<Socket, (why: string) => void>();

  constructor(options: OpeningsOptions) {
    this.#options = options;
  }

  /** Reads what is wanted; `done` is called at most once, and only for a socket that is open. */
  read(socket: Socket, wants: OpeningWants, done: (opening: Opening) => void): void {
    if (!wants.proxy && !wants.hello) {
      done({ client: null, hello: null, plain: false });
      return;
    }
    const reader = new OpeningReader(wants);
    const settle = () => {
      clearTimeout(timer);
      this.#pending.delete(socket);
      for (const [event, listener] of Object.entries(listeners)) socket.off(event, listener);
    };
    let spoke = false;
    const drop = () => {
      settle();
      socket.on('error', () => undefined).destroy();
    };
    const fail = (why: string) => {
      drop();
      this.#options.onFailed(socket, why);
    };
    // Whoever only looks whether somebody listens, as balancers do every few seconds, has not failed.
    const end = (why: string) => (spoke ? fail(why) : drop());
    const take = () => {
      for (let chunk = read(socket); chunk !== null; chunk = read(socket)) {
        spoke = true;
        const answer = reader.push(chunk);
        if (answer === 'more') continue;
        if (typeof answer === 'string') {
          fail(answer);
          return;
        }
        settle();
        if (reader.rest.length > 0) socket.unshift(reader.rest);
        done(answer);
        return;
      }
    };
    const listeners = {
      readable: take,
      end: () => end('it ended'),
      error: () => end('it broke'),
      close: () => end('it closed'),
    };
    const timer = setTimeout(() => fail('it took too long'), this.#options.withinMs);
    this.#pending.set(socket, fail);
    for (const [event, listener] of Object.entries(listeners)) socket.on(event, listener);
    if (this.#pending.size > this.#options.limit)
      this.#pending.values().next().value?.('it was the oldest of too many');
  }

  /** Drops what is under way. */
  close(): void {
    for (const fail of this.#pending.values()) fail('the listener closed');
  }
}

/** What a plain HTTP request begins with; a TLS record begins with 22. */
const CAPITALS = { first: 0x41, last: 0x5a } as const;

class OpeningReader {
  readonly #wants: OpeningWants;
  readonly #hello = new HelloReader();
  #head: Buffer | null;
  #client: ClientAddress | null = null;
  readonly #kept: Buffer[] = [];

  constructor(wants: OpeningWants) {
    this.#wants = wants;
    this.#head = wants.proxy ? Buffer.alloc(0) : null;
  }

  /** What came after the PROXY header. */
  get rest(): Buffer {
    return Buffer.concat(this.#kept);
  }

  /** The opening, or `more`, or why it is none. */
  push(chunk: Buffer): Opening | 'more' | (string & {}) {
    const after = this.#head === null ? chunk : this.#pastHeader(this.#head, chunk);
    if (!Buffer.isBuffer(after)) return after;
    if (after.length > 0) this.#kept.push(after);
    if (!this.#wants.hello) return { client: this.#client, hello: null, plain: false };
    if (this.#kept.length === 0) return 'more';
    const first = this.#kept[0]![0]!;
    if (first >= CAPITALS.first && first <= CAPITALS.last) return { client: this.#client, hello: null, plain: true };
    const read = this.#hello.push(after);
    if (read.state === 'read') return { client: this.#client, hello: read.hello, plain: false };
    return read.state === 'more' ? 'more' : read.why;
  }

  #pastHeader(before: Buffer, chunk: Buffer): Buffer | string {
    const bytes = Buffer.concat([before, chunk]);
    const header = readProxyHeader(bytes);
    if (header.state === 'malformed') return header.why;
    if (header.state === 'more') {
      this.#head = bytes;
      return 'more';
    }
    this.#head = null;
    this.#client = header.client;
    return bytes.subarray(header.length);
  }
}

function read(socket: Socket): Buffer | null {
  return socket.read() as Buffer | null;
}
