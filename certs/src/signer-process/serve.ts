/**
 * The signer's side of one connection: parses each request, does it, parses and sends the answer. Whatever breaks the
 * wire's rules ends that connection and nothing else. While `IN_FLIGHT` requests are under way, or answers are not taken,
 * no more is read.
 */
import type { Duplex } from 'node:stream';
import type { Signer } from '../signer.ts';
import { OPERATIONS } from '../signer.ts';
import { newNonce, proofOf, provesSide } from './credential.ts';
import { readLines } from './lines.ts';
import { Answer, Challenge, Greeting, IN_FLIGHT, lineFor, parseLine, Proof, Ready, Request } from './wire.ts';

export interface ServeOptions {
  readonly signer: Signer;
  /** Null over an inherited socket: nobody else can hold its other end. */
  readonly credential: Uint8Array | null;
  /** One line for whoever looks after the signer; never from the message of a request. */
  readonly onRefused: (why: string) => void;
}

/** A peer that has not proven itself by then is cut off. */
const PROOF_MS = 5_000;

/** Serves `socket` until either end closes it. */
export function serveSigner(socket: Duplex, options: ServeOptions): void {
  const connection = new Connection(socket, options);
  socket.on('error', () => socket.destroy());
  socket.on('end', () => socket.destroy());
  readLines(socket, (line) => connection.receive(line));
}

class Connection {
  readonly #socket: Duplex;
  readonly #options: ServeOptions;
  #expects: 'greeting' | 'proof' | 'requests';
  #nonces: [caller: string, signer: string] = ['', ''];
  #running = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(socket: Duplex, options: ServeOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#expects = options.credential === null ? 'requests' : 'greeting';
    socket.on('drain', () => this.#paceReading());
    if (options.credential === null) {
      this.#ready();
      return;
    }
    this.#timer = setTimeout(() => this.#refuse('a peer did not prove itself in time'), PROOF_MS);
    socket.once('close', () => clearTimeout(this.#timer ?? undefined));
  }

  receive(line: string): void {
    if (this.#expects === 'requests') this.#onRequest(line);
    else if (this.#expects === 'greeting') this.#onGreeting(line);
    else this.#onProof(line);
  }

  #onGreeting(line: string): void {
    const greeting = parseLine(Greeting, line);
    if (greeting === null) return this.#refuse('a peer did not greet');
    const nonce = newNonce();
    this.#nonces = [greeting.nonce, nonce];
    this.#expects = 'proof';
    const proof = proofOf('signer', this.#options.credential!, ...this.#nonces);
    this.#socket.write(lineFor(Challenge, { type: 'challenge', nonce, proof }));
  }

  #onProof(line: string): void {
    const shown = parseLine(Proof, line);
    if (shown === null || !provesSide(shown.proof, 'caller', this.#options.credential!, ...this.#nonces)) {
      return this.#refuse('a peer could not prove that it may use the signer');
    }
    clearTimeout(this.#timer ?? undefined);
    this.#expects = 'requests';
    this.#ready();
  }

  #ready(): void {
    this.#socket.write(lineFor(Ready, { type: 'ready' }));
  }

  #onRequest(line: string): void {
    const request = parseLine(Request, line);
    if (request === null) return this.#refuse('a peer sent what is no request');
    this.#running += 1;
    this.#paceReading();
    void this.#answer(request);
  }

  async #answer({ id, operation, message }: Request): Promise<void> {
    try {
      const result = await perform(this.#options.signer, operation, message);
      if (!this.#socket.destroyed) this.#socket.write(lineFor(Answer, { type: 'answer', id, result }));
    } catch {
      // The signer itself is broken: the caller learns that by losing the connection, and no key gets into a log.
      this.#refuse(`the operation ${operation} failed`);
    } finally {
      this.#running -= 1;
      this.#paceReading();
    }
  }

  /** Reads on only while few requests are under way and the caller takes its answers. */
  #paceReading(): void {
    if (this.#running >= IN_FLIGHT || this.#socket.writableNeedDrain) this.#socket.pause();
    else if (this.#socket.isPaused()) this.#socket.resume();
  }

  #refuse(why: string): void {
    if (this.#socket.destroyed) return;
    this.#options.onRefused(why);
    this.#socket.destroy();
  }
}

/** The local signer parses the request's message; its answer is parsed here, before it leaves. */
async function perform(signer: Signer, operation: Request['operation'], message: unknown): Promise<Answer['result']> {
  const result = await signer[operation](message as never);
  return result.ok ? { ok: true, value: OPERATIONS[operation].answer.parse(result.value) } : result;
}
