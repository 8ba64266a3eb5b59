/**
 * Server-sent events: writes an async sequence to a client that may be slow, silent or gone.
 *
 * Invariants: one event is in memory at a time (the source is asked for the next one only when the socket took the
 * last); a comment every 15 s keeps proxies from closing; the source is told when the client went away; nothing more is
 * written once the client may not read it.
 */
import type { Response } from 'express';
import { once } from 'node:events';

/** One event on the wire. `data` is sent as JSON. */
export interface ServerSentEvent {
  /** The cursor that `Last-Event-ID` gives back; without line breaks. */
  readonly id: string;
  readonly event: string;
  readonly data: unknown;
}

const HEARTBEAT_MS = 15_000;

/** Sends `events` until they end, the client goes, or `ended` aborts. */
export async function sendEvents(
  response: Response,
  events: AsyncIterable<ServerSentEvent>,
  ended?: AbortSignal,
): Promise<void> {
  response.status(200).set({
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store',
    'X-Accel-Buffering': 'no',
  });
  response.flushHeaders();
  response.write('retry: 2000\n\n');
  const heartbeat = setInterval(() => {
    if (!response.writableNeedDrain) response.write(':\n\n');
  }, HEARTBEAT_MS);
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const over = AbortSignal.any([gone.signal, ...(ended ? [ended] : [])]);
  try {
    for await (const event of events) {
      if (over.aborted) break;
      if (!response.write(encode(event))) await once(response, 'drain', { signal: over });
    }
  } catch (error) {
    if (!over.aborted) throw error;
  } finally {
    clearInterval(heartbeat);
    if (!gone.signal.aborted) response.end();
  }
}

function encode({ id, event, data }: ServerSentEvent): string {
  return `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
