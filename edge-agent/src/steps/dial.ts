/** Connections that steps make themselves: where a name leads is judged at the moment it is dialled. */
import { once } from 'node:events';
import { connect, type LookupFunction, Socket } from 'node:net';

/** Where to. */
export interface Dialled {
  readonly host: string;
  readonly port: number;
  /** The policy's; as the system does where there is none. */
  readonly lookup: LookupFunction | undefined;
}

/** A socket that is on its way. */
export function dial({ host, port, lookup }: Dialled): Socket {
  return connect({ host, port, ...(lookup === undefined ? {} : { lookup }) });
}

/** A connected socket; rejects with what kept it from being one. */
export async function dialled(to: Dialled, signal: AbortSignal): Promise<Socket> {
  const socket = dial(to);
  try {
    await once(socket, 'connect', { signal });
    return socket;
  } catch (error) {
    socket.destroy();
    signal.throwIfAborted();
    throw error;
  }
}

/** For clients that make their connection by `socket.connect(port, host)`. */
export class JudgedSocket extends Socket {
  readonly #lookup: LookupFunction | undefined;

  constructor(lookup: LookupFunction | undefined) {
    super();
    this.#lookup = lookup;
  }

  override connect(...args: unknown[]): this {
    const [port, host] = args;
    if (typeof port !== 'number' || typeof host !== 'string') throw new TypeError('expected a port and a host');
    return super.connect({ port, host, ...(this.#lookup === undefined ? {} : { lookup: this.#lookup }) });
  }
}
