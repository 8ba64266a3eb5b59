/** A part: all the clients. They spread over loopback addresses, so that no address runs out of ports. */
import { bundleDigest, tunnelClientOptions } from '@casare/certs';
import { createSecureContext } from 'node:tls';
import { serve } from '../frame/child.ts';
import { quantile } from '../frame/rounds.ts';
import { Client, type ClientWorld } from './client.ts';
import type { Credentials } from './leaves.ts';

/** How the clients come. */
export type Way =
  /** A bounded number under way at a time. */
  | 'paced'
  /** After the time that the agent's reconnect decision gives. */
  | 'decided'
  /** All in the same moment. */
  | 'at once';

export interface Arrival {
  /** From the first dial until the last was welcomed. */
  readonly seconds: number;
  /** Tries that failed on the way, and why. */
  readonly failed: number;
  readonly why: Readonly<Record<string, number>>;
  /** From dial to welcome, milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

interface Load {
  readonly credentials: Credentials;
  readonly port: number;
  readonly pingMs: number;
}

/** Under way at a time, when paced. */
const PACE = 100;
const CLIENTS_PER_ADDRESS = 2_000;
/** Turns in which all have pinged once. */
const PING_TICKS = 100;

const clients: Client[] = [];
let lost = 0;
let pongs = 0;
let why: Record<string, number> = {};
let latencies: number[] = [];
let onChange = (): void => {};
let failed = 0;

const questions = {
  /** Makes the clients; nobody dials yet. Those that are live ping every `pingMs`, each in its own moment. */
  load: async ({ credentials, port, pingMs }: Load): Promise<void> => {
    const { clientKeyPem, leaves, serverRootPem, serverCaPem } = credentials;
    const {
      key,
      cert: _,
      ...tls
    } = tunnelClientOptions({ privateKeyPem: clientKeyPem, chainPem: '' }, 'localhost', [serverRootPem]);
    const world: ClientWorld = {
      port,
      tls,
      bundle: bundleDigest([serverRootPem]),
      onWelcome(ms) {
        latencies.push(ms);
        onChange();
      },
      onLost(reason, wasLive) {
        if (wasLive) lost += 1;
        else failed += 1;
        why[reason] = (why[reason] ?? 0) + 1;
        onChange();
      },
      onPong() {
        pongs += 1;
        onChange();
      },
    };
    leaves.forEach(({ chainPem }, index) => {
      const { minVersion, maxVersion } = tls;
      // The server CA as the anchor: 10,000 clients on one processor have no time for the root's signature each time.
      const anchor = { ca: serverCaPem, allowPartialTrustChain: true };
      const context = createSecureContext({ ...anchor, key, cert: chainPem, minVersion, maxVersion });
      clients.push(new Client(world, context, `127.0.0.${2 + Math.floor(index / CLIENTS_PER_ADDRESS)}`));
    });
    let tick = 0;
    setInterval(() => {
      tick += 1;
      for (let i = tick % PING_TICKS; i < clients.length; i += PING_TICKS) clients[i]!.ping();
    }, pingMs / PING_TICKS);
  },
  /** The first `count` clients come, those that are there are dropped before. Rejects after `withinMs`. */
  come: async ({ way, count, withinMs }: { way: Way; count: number; withinMs: number }): Promise<Arrival> => {
    const coming = clients.slice(0, count);
    [failed, why, latencies] = [0, {}, []];
    const startedAt = performance.now();
    for (const client of coming) client.drop();
    if (way === 'at once') for (const client of coming) client.dial();
    if (way === 'decided') for (const client of coming) client.dialLater();
    let next = 0;
    await until(withinMs, `${count} clients ${way}`, () => {
      while (way === 'paced' && next < count && next - latencies.length < PACE) coming[next++]!.dial();
      return latencies.length >= count && coming.every((client) => client.live);
    });
    const seconds = (performance.now() - startedAt) / 1_000;
    return { seconds, failed, why, p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) };
  },
  /** Every client pings once and is answered. */
  exchange: async (withinMs: number): Promise<void> => {
    const from = pongs;
    const live = clients.filter((client) => client.live);
    for (const client of live) client.ping();
    await until(withinMs, 'pongs', () => pongs - from >= live.length);
  },
  /** Nothing but pings for so long; how many were answered. */
  idle: async (forMs: number): Promise<number> => {
    const from = pongs;
    await new Promise((resolve) => setTimeout(resolve, forMs));
    return pongs - from;
  },
  /** Tunnels that ended since the last time this was asked, though nobody dropped them. */
  lost: async (): Promise<{ lost: number; why: Record<string, number> }> => {
    const answer = { lost, why };
    lost = 0;
    return answer;
  },
  drop: async (): Promise<void> => {
    for (const client of clients) client.drop();
  },
};
/** What may be asked of the clients. */
export type ClientQuestions = typeof questions;

serve(questions);

/** Resolves when `done`, which is asked at every change. */
function until(withinMs: number, what: string, done: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      onChange = () => {};
      const live = clients.filter((client) => client.live).length;
      reject(new Error(`${what}: not within ${withinMs / 1_000} s; ${live} are live; ${JSON.stringify(why)}`));
    }, withinMs);
    onChange = () => {
      if (!done()) return;
      onChange = () => {};
      clearTimeout(late);
      resolve();
    };
    onChange();
  });
}
