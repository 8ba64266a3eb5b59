/**
 * LISTEN and NOTIFY on one dedicated connection that reconnects itself.
 *
 * Invariants
 * - Notifications are hints: they get lost while the connection is away, and all of them behind a transaction pooler.
 *   `onConnected` runs after every (re)connection, so that a listener looks for itself.
 * - Outgoing notifications are coalesced: one statement in flight, equal ones merged, at most 1,000 waiting (then the
 *   oldest is dropped). One connection sends them all, because NOTIFY in many transactions serialises their commits.
 */
import { Client, escapeIdentifier, type ClientConfig } from 'pg';
import type { Log } from '../log.ts';
import { backoffMs, pause, type Backoff } from './backoff.ts';

export type NotificationHandler = (payload: string) => void;

export interface ListenOptions {
  /** After each (re)connection: what was notified before may have been missed. */
  readonly onConnected?: () => void;
}

export interface Subscription {
  close(): Promise<void>;
}

export interface ListenerSettings {
  /** Null: there is no direct connection, so nobody is heard and nobody told. */
  readonly config: ClientConfig | null;
  readonly log: Log;
  readonly backoff: Backoff;
  /** How often a silent connection is checked, in milliseconds; default 15,000. */
  readonly checkMs?: number;
}

export interface Listener {
  listen(channel: string, handler: NotificationHandler, options?: ListenOptions): Promise<Subscription>;
  notify(channel: string, payload?: string): void;
  close(): Promise<void>;
}

interface Heard extends ListenOptions {
  readonly channel: string;
  readonly handler: NotificationHandler;
}

const OUTGOING_LIMIT = 1_000;
const PAYLOAD_LIMIT = 7_000;

/** Opens nothing until somebody listens or notifies. */
export function openListener(settings: ListenerSettings): Listener {
  const { config } = settings;
  return config === null ? SILENCE : new DedicatedListener({ ...settings, config });
}

/** Behind a transaction pooler LISTEN is answered and hears nothing. Polling is the truth anyhow. */
const SILENCE: Listener = {
  listen: () => Promise.resolve({ close: () => Promise.resolve() }),
  notify: () => undefined,
  close: () => Promise.resolve(),
};

class DedicatedListener implements Listener {
  readonly #settings: ListenerSettings & { readonly config: ClientConfig };
  readonly #heard = new Set<Heard>();
  readonly #outgoing = new Map<string, readonly [channel: string, payload: string]>();
  readonly #stop = new AbortController();
  /** Being connected; `undefined` once it serves. */
  #connecting: Client | undefined;
  #client: Client | undefined;
  #loop: Promise<void> | undefined;
  #flushing = false;

  constructor(settings: ListenerSettings & { readonly config: ClientConfig }) {
    this.#settings = settings;
  }

  async listen(channel: string, handler: NotificationHandler, options: ListenOptions = {}): Promise<Subscription> {
    const heard: Heard = { channel, handler, ...options };
    this.#heard.add(heard);
    this.#start();
    const client = this.#client;
    if (client !== undefined && (await this.#subscribe(client, channel))) this.#call(heard.onConnected);
    return { close: () => this.#forget(heard) };
  }

  notify(channel: string, payload = ''): void {
    if (Buffer.byteLength(payload) > PAYLOAD_LIMIT) throw new RangeError(`a notification holds ${PAYLOAD_LIMIT} bytes`);
    const key = `${channel}\n${payload}`;
    if (this.#outgoing.size >= OUTGOING_LIMIT && !this.#outgoing.has(key)) {
      const oldest = this.#outgoing.keys().next().value;
      if (oldest !== undefined) this.#outgoing.delete(oldest);
    }
    this.#outgoing.set(key, [channel, payload]);
    this.#start();
    void this.#flush();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#connecting?.connection.stream.destroy();
    await this.#client?.end().catch(() => undefined);
    await this.#loop;
  }

  #start(): void {
    if (!this.#isStopping()) this.#loop ??= this.#run();
  }

  /** A method: what it answers changes while others are awaited. */
  #isStopping(): boolean {
    return this.#stop.signal.aborted;
  }

  /** The owner of the connection: connect, serve until it ends, wait, again. Ends with `close`. */
  async #run(): Promise<void> {
    for (let attempt = 1; !this.#isStopping(); attempt++) {
      const client = new Client(this.#settings.config);
      const ended = Promise.withResolvers<void>();
      client.on('error', () => ended.resolve());
      client.on('end', () => ended.resolve());
      client.on('notification', (message) => this.#deliver(message.channel, message.payload ?? ''));
      try {
        this.#connecting = client;
        await client.connect();
        this.#connecting = undefined;
        await this.#serve(client, ended.promise);
        attempt = 0;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        this.#settings.log.debug('the notification connection failed', { reason });
      }
      this.#client = undefined;
      await client.end().catch(() => undefined);
      if (!this.#isStopping()) {
        await pause(backoffMs(Math.max(attempt, 1), this.#settings.backoff), this.#stop.signal);
      }
    }
  }

  async #serve(client: Client, ended: Promise<void>): Promise<void> {
    this.#client = client; // From here on, `listen` subscribes by itself; subscribing twice is harmless.
    for (const channel of new Set([...this.#heard].map((heard) => heard.channel))) {
      await client.query(`listen ${escapeIdentifier(channel)}`);
    }
    for (const heard of this.#heard) this.#call(heard.onConnected);
    void this.#flush();
    const check = setInterval(() => void this.#check(client), this.#settings.checkMs ?? 15_000);
    try {
      await ended;
    } finally {
      clearInterval(check);
    }
    if (!this.#isStopping()) this.#settings.log.warn('the notification connection ended; reconnecting');
  }

  /** Finds a connection that is dead without saying so (a cut cable): no answer within 5 s destroys it. */
  async #check(client: Client): Promise<void> {
    const answered = await Promise.race([
      client.query('select 1').then(
        () => true,
        () => false,
      ),
      pause(5_000, this.#stop.signal).then(() => false),
    ]);
    if (!answered) client.connection.stream.destroy();
  }

  async #subscribe(client: Client, channel: string): Promise<boolean> {
    return client.query(`listen ${escapeIdentifier(channel)}`).then(
      () => true,
      () => false, // The connection broke; the loop listens again after reconnecting.
    );
  }

  async #forget(heard: Heard): Promise<void> {
    this.#heard.delete(heard);
    if ([...this.#heard].some((other) => other.channel === heard.channel)) return;
    await this.#client?.query(`unlisten ${escapeIdentifier(heard.channel)}`).catch(() => undefined);
  }

  #deliver(channel: string, payload: string): void {
    for (const heard of this.#heard) {
      if (heard.channel === channel) this.#call(() => heard.handler(payload));
    }
  }

  /** A listener's own failure is logged, and harms no other listener. */
  #call(listener: (() => void) | undefined): void {
    try {
      listener?.();
    } catch (error) {
      this.#settings.log.error('a notification handler failed', { error });
    }
  }

  async #flush(): Promise<void> {
    if (this.#flushing) return;
    this.#flushing = true;
    try {
      await Promise.resolve(); // Lets the callers of this tick join the same statement.
      for (let client = this.#client; client !== undefined && this.#outgoing.size > 0; client = this.#client) {
        const batch = [...this.#outgoing.entries()];
        for (const [key] of batch) this.#outgoing.delete(key);
        const channels = batch.map(([, [channel]]) => channel);
        const payloads = batch.map(([, [, payload]]) => payload);
        const text = 'select pg_notify(c, p) from unnest($1::text[], $2::text[]) as n(c, p)';
        await client.query(text, [channels, payloads]);
      }
    } catch {
      // Lost with the connection: every listener polls after reconnecting.
    } finally {
      this.#flushing = false;
    }
  }
}
