/**
 * A WebSocket in memory: two ends, frames in order with delays, and the ways in which a connection fails. The ends look
 * like those of `ws` as far as the tunnel's two sides use them.
 */
import { EventEmitter } from 'node:events';
import type { Faults } from './faults.ts';
import type { Chance } from './random.ts';
import type { VirtualTime } from './time.ts';

/** What the ends need of the world. */
export interface Network {
  readonly time: VirtualTime;
  readonly chance: Chance;
  /** Now; none once the world has healed. */
  readonly faults: () => Faults['network'];
}

const OPEN = 1;
const CLOSED = 3;
/** An end that was not told gives up after this by itself, as TCP would, milliseconds. */
const TCP_GIVES_UP_MS = 120_000;

/** Two connected ends. `isOpen` says whether frames pass now: a partition holds none back, it loses them. */
export function connect(network: Network, isOpen: () => boolean): { agent: End; gateway: End; cut: () => void } {
  const [agent, gateway] = [new End(network), new End(network)];
  const wire: Wire = { isCut: false, isOpen };
  agent.join(gateway, wire);
  gateway.join(agent, wire);
  const cut = (): void => {
    wire.isCut = true;
    agent.lose();
    gateway.lose();
  };
  return { agent, gateway, cut };
}

interface Wire {
  isCut: boolean;
  readonly isOpen: () => boolean;
}

export class End extends EventEmitter {
  readonly OPEN = OPEN;
  readyState: number = OPEN;
  readonly bufferedAmount = 0;
  readonly #network: Network;
  #peer: End = this;
  #wire: Wire = { isCut: false, isOpen: () => true };
  /** When the last frame that was sent arrives: none overtakes it. */
  #arrivesAt = 0;
  #paused: (() => void)[] | null = null;

  constructor(network: Network) {
    super();
    this.#network = network;
  }

  join(peer: End, wire: Wire): void {
    this.#peer = peer;
    this.#wire = wire;
  }

  send(frame: string | Uint8Array, ...rest: unknown[]): void {
    const written = rest.at(-1);
    const data = Buffer.from(frame as string);
    this.#carry(() => this.#peer.#hear('message', data, false));
    if (this.#network.chance.hits(this.#network.faults().duplicate) && mayRepeat(data)) {
      this.#carry(() => this.#peer.#hear('message', data, false));
    }
    if (typeof written === 'function') this.#network.time.after(0, written as () => void);
  }

  ping(data: Buffer): void {
    this.#carry(() => {
      this.#peer.#hear('ping', data);
      this.#peer.#carry(() => this.#hear('pong', data));
    });
  }

  pong(): void {
    // Answered by the layer below.
  }

  pause(): void {
    this.#paused ??= [];
  }

  resume(): void {
    const waiting = this.#paused ?? [];
    this.#paused = null;
    for (const hear of waiting) hear();
  }

  close(code = 1005, reason = ''): void {
    if (this.readyState !== OPEN) return;
    this.#carry(() => this.#peer.#end(code, reason));
    this.#network.time.after(1, () => this.#end(code, reason));
  }

  terminate(): void {
    this.#carry(() => this.#peer.#end(1006, ''));
    this.#end(1006, '');
  }

  /** Both ends find out, each in its own time. */
  lose(): void {
    if (this.readyState !== OPEN) return;
    const isUntold = this.#network.chance.hits(0.3);
    this.#network.time.after(isUntold ? TCP_GIVES_UP_MS : this.#network.chance.between(0, 50), () =>
      this.#end(1006, ''),
    );
  }

  /** The process of this end is gone: nothing is heard or said by it any more. */
  vanish(): void {
    this.removeAllListeners();
    this.readyState = CLOSED;
  }

  #carry(arrive: () => void): void {
    const { time, chance, faults } = this.#network;
    if (this.readyState !== OPEN) return;
    if (this.#wire.isCut || !this.#wire.isOpen()) {
      this.#cut(true);
      return;
    }
    const { cut, halfOpen, slow } = faults();
    if (chance.hits(cut)) this.#cut(false);
    else if (chance.hits(halfOpen)) this.#cut(true);
    if (this.#isCut() && chance.hits(0.5)) return;
    const delay = chance.hits(slow) ? chance.between(100, 20_000) : chance.between(0.2, 5);
    this.#arrivesAt = Math.max(this.#arrivesAt, time.now + delay);
    time.at(this.#arrivesAt, arrive);
  }

  #isCut(): boolean {
    return this.#wire.isCut;
  }

  #cut(isUntold: boolean): void {
    this.#wire.isCut = true;
    if (isUntold) {
      for (const end of [this, this.#peer]) this.#network.time.after(TCP_GIVES_UP_MS, () => end.#end(1006, ''));
    } else {
      this.lose();
      this.#peer.lose();
    }
  }

  #hear(event: 'message' | 'ping' | 'pong', ...args: unknown[]): void {
    if (this.readyState !== OPEN) return;
    const hear = (): void => {
      if (this.readyState === OPEN) this.emit(event, ...args);
    };
    if (this.#paused) this.#paused.push(hear);
    else hear();
  }

  #end(code: number, reason: string): void {
    if (this.readyState === CLOSED) return;
    this.readyState = CLOSED;
    this.emit('close', code, Buffer.from(reason));
  }
}

/** Repeats change nothing, says the protocol; only the handshake is said once. */
function mayRepeat(data: Buffer): boolean {
  return !/^\{"type":"(hello|welcome)"/.test(data.toString('utf8', 0, 30));
}
