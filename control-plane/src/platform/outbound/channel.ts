/**
 * A way to a store of files: bodies are streams in both directions, and connections are kept for some seconds, since a run
 * may bring thousands of small files. Each connection was judged when it was opened (`outbound.ts`), and goes nowhere else
 * afterwards. Redirects are answers.
 */
import type { Readable } from 'node:stream';
import { Agent, type buildConnector } from 'undici';
import { Fault, lineOf } from '../errors.ts';

export interface ChannelCall {
  /** With its scheme and port. */
  readonly origin: string;
  /** With its query. */
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | Readable | null;
  readonly signal: AbortSignal;
}

export interface ChannelAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Read to its end or destroyed, or its connection is not used again. */
  readonly body: Readable;
}

const CONNECTIONS = 16;
/** Until the head of an answer, and between two pieces of its body. */
const SILENCE_MS = 60_000;
const HEADER_BYTES = 16_384;

export class Channel {
  readonly #agent: Agent;

  constructor(connect: buildConnector.connector) {
    this.#agent = new Agent({
      ...{ connect, connections: CONNECTIONS, pipelining: 1, maxHeaderSize: HEADER_BYTES },
      ...{ headersTimeout: SILENCE_MS, bodyTimeout: SILENCE_MS },
    });
  }

  /** @throws Fault OUTBOUND_REFUSED, OUTBOUND_FAILED */
  async send({ signal, ...call }: ChannelCall): Promise<ChannelAnswer> {
    try {
      const { statusCode, headers, body } = await this.#agent.request({ ...call, signal });
      const told = Object.entries(headers).map(([name, value]) => [name, [value].flat().join(', ')] as const);
      return { status: statusCode, headers: Object.fromEntries(told), body };
    } catch (error) {
      if (error instanceof Fault) throw error;
      const why = signal.aborted ? 'it takes too long' : lineOf(error);
      const what = `${new URL(call.origin).host} could not be called`;
      throw new Fault({ code: 'OUTBOUND_FAILED', what, why, status: 502, cause: error });
    }
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}
