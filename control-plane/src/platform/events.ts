/**
 * Typed events between features of one process, for the arrows that imports may not take (design section 12).
 *
 * Invariants: delivery is in-process and at most once, so nothing durable depends on it: polling is the truth, an
 * event only makes it sooner. A listener that fails is logged and hurts neither the publisher nor other listeners.
 */
import type { Log } from './log.ts';

/** A kind of event, declared by the feature that publishes it: `export const JobReady = topic<{ routeId: string }>('job.ready')`. */
export interface Topic<Payload> {
  readonly name: string;
  /** Only carries the type. */
  readonly payload?: Payload;
}

export function topic<Payload>(name: string): Topic<Payload> {
  return { name };
}

/** Publishes events to their listeners, in the order they subscribed. */
export class Events {
  readonly #log: Log;
  readonly #listeners = new Map<string, Set<(payload: never) => void>>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Tells every listener of `topic`, before it returns. */
  publish<Payload>(topic: Topic<Payload>, payload: Payload): void {
    for (const listener of [...(this.#listeners.get(topic.name) ?? [])]) {
      try {
        (listener as (payload: Payload) => void)(payload);
      } catch (error) {
        this.#log.error('event listener failed', { topic: topic.name, error });
      }
    }
  }

  /** Listens until the returned function is called. */
  subscribe<Payload>(topic: Topic<Payload>, listener: (payload: Payload) => void): () => void {
    const listeners = this.#listeners.get(topic.name) ?? new Set();
    this.#listeners.set(topic.name, listeners);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }
}
