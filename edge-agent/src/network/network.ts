/**
 * Opens every connection of the agent to the control plane: directly, through a proxy (HTTP CONNECT), inside a
 * WebSocket of its web address (a carrier), or inside that through a proxy.
 *
 * Invariants: whatever the way, the TLS that the caller asked for runs end to end over it and is verified as it says;
 * no way is ever chosen because another one failed; a dial ends within its time. Settings are read for each dial.
 */
import type { RequestOptions } from 'node:http';
import type { createConnection } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { chainProbeOptions, peerChain } from '@casare/certs';
import { Fault } from '../fault.ts';
import { carrierOver } from './carrier.ts';
import { throughProxy } from './connect-proxy.ts';
import { connectFault, intercepted, isUntrusted, untrusted } from './faults.ts';
import { outerTls } from './outer-tls.ts';
import { changeSettings, effective, type NetworkSettings, readSettings, type Way } from './settings.ts';
import { connectTcp, secure } from './sockets.ts';
import { hostOf, portOf } from './target.ts';

/** What is asked for at the other end. */
export type Service = 'tunnel' | 'enrol';
/** What `https.request` and `ws` take for `createConnection`. */
export type Connector = NonNullable<RequestOptions['createConnection']> & typeof createConnection;

/** For one connection with everything before its first byte. */
const DIAL_MS = 15_000;

export class Network {
  /** Where the settings are; missing when nothing was set. */
  readonly file: string;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #given: NetworkSettings | null;
  readonly #dialMs: number;

  /** @param given what `agent.yaml` says, in place of the file */
  constructor(
    file: string,
    environment: NodeJS.ProcessEnv,
    given: NetworkSettings | null = null,
    dialMs: number = DIAL_MS,
  ) {
    this.file = file;
    this.#given = given;
    this.#dialMs = dialMs;
    this.#environment = environment;
  }

  /** Keeps settings; an empty one takes what was set away. Throws USAGE, also where `agent.yaml` says them. */
  change(changes: NetworkSettings): NetworkSettings {
    if (this.#given !== null) {
      const text = 'this agent takes its way out from its agent.yaml: change it there, and start the agent again';
      throw new Fault('USAGE', text, { exitCode: 2 });
    }
    return changeSettings(this.file, changes);
  }

  /** What is kept. Throws NETWORK_DAMAGED. */
  settings(): NetworkSettings {
    return this.#given ?? readSettings(this.file);
  }

  /** How `url` is reached. Throws NETWORK_DAMAGED, NETWORK_SETTING. */
  wayTo(url: URL): Way {
    return effective(this.file, this.#environment, this.#given).wayTo(url);
  }

  /**
   * A connection to the service at `url`, its TLS done. Throws a Fault: TLS_INTERCEPTED, CLOCK_SKEW, WRONG_HOST,
   * UNREACHABLE, and what the way adds (PROXY_*, CARRIER_*, OUTER_TLS_UNTRUSTED, settings that cannot be used).
   */
  open(service: Service, url: URL, tls: ConnectionOptions, signal?: AbortSignal): Promise<TLSSocket> {
    return inTime(this.#dialMs, signal, async (running) => {
      const reach = (): Promise<Duplex> => this.#reach(service, url, running);
      try {
        return await secure(await reach(), tls, running);
      } catch (error) {
        if (!isUntrusted(error)) throw connectFault(url, error);
        // verification gave nothing of the chain away: look at it in a connection of its own, for people
        const { ALPNProtocols } = tls;
        throw intercepted(url, await this.#look(reach, url, { ALPNProtocols }, running).catch(() => []), error);
      }
    });
  }

  /** The chain that the service at `url` shows, DER, leaf first, unverified. Throws as `open` does. */
  chain(service: Service, url: URL): Promise<Uint8Array[]> {
    return inTime(this.#dialMs, undefined, async (running) => {
      try {
        return await this.#look(() => this.#reach(service, url, running), url, {}, running);
      } catch (error) {
        throw connectFault(url, error);
      }
    });
  }

  /** `open` for an HTTP client. The signal ends the dial, and the connection, with its reason. */
  connector(service: Service, url: URL, tls: ConnectionOptions, signal?: AbortSignal): Connector {
    const create: NonNullable<RequestOptions['createConnection']> = (_options, created) => {
      const failed = (error: Error): void => created(error, undefined as never);
      this.open(service, url, tls, signal).then((socket) => {
        signal?.addEventListener('abort', () => socket.destroy(signal.reason as Error), { once: true });
        created(null, socket);
      }, failed);
      return undefined;
    };
    return create as Connector;
  }

  async #look(
    reach: () => Promise<Duplex>,
    url: URL,
    options: ConnectionOptions,
    signal: AbortSignal,
  ): Promise<Uint8Array[]> {
    const socket = await secure(await reach(), { ...chainProbeOptions(hostOf(url)), ...options }, signal);
    const chain = peerChain(socket);
    socket.destroy();
    return chain;
  }

  async #reach(service: Service, url: URL, signal: AbortSignal): Promise<Duplex> {
    const way = this.wayTo(url);
    const { carrier } = way;
    if (carrier === null) return reachHost(way, url, signal);
    return carrierOver(await openOuter(way, carrier, signal), carrier, service, signal);
  }
}

/** The outer TLS of a carrier. Throws OUTER_TLS_UNTRUSTED, naming who issued what was seen. */
async function openOuter(way: Way, carrier: URL, signal: AbortSignal): Promise<TLSSocket> {
  const tls = outerTls(hostOf(carrier), way.caFile, way.systemCa);
  try {
    return await secure(await reachHost(way, carrier, signal), tls, signal);
  } catch (error) {
    if (!isUntrusted(error)) throw connectFault(carrier, error);
    const seen = async (): Promise<Uint8Array[]> => {
      const unverified = { ...tls, rejectUnauthorized: false };
      const socket = await secure(await reachHost(way, carrier, signal), unverified, signal);
      const chain = peerChain(socket);
      socket.destroy();
      return chain;
    };
    throw untrusted(carrier, await seen().catch(() => []), error);
  }
}

/** TCP to the host of `url`, or through the proxy. */
async function reachHost(way: Way, url: URL, signal: AbortSignal): Promise<Duplex> {
  const { proxy, caFile, systemCa } = way;
  if (proxy !== null) {
    return throughProxy(proxy, url, () => outerTls(hostOf(proxy.url), caFile, systemCa), signal);
  }
  try {
    return await connectTcp(hostOf(url), portOf(url), signal);
  } catch (error) {
    throw connectFault(url, error);
  }
}

/** Runs with a signal that fires when the time is over or the caller's does. */
async function inTime<T>(
  ms: number,
  signal: AbortSignal | undefined,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const stop = (): void => controller.abort(signal?.reason);
  const timer = setTimeout(() => controller.abort(new Error(`no answer within ${ms / 1_000} s`)), ms);
  if (signal?.aborted === true) stop();
  else signal?.addEventListener('abort', stop, { once: true });
  try {
    return await run(controller.signal);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  }
}
