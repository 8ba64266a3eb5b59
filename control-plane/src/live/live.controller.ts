/** `GET /events`: live events as server-sent events, resumed by `Last-Event-ID`. */
import { Controller, Inject } from '@nestjs/common';
import { api } from '@casare/shared/api';
import { Handles, type Call } from '../platform/http/handles.ts';
import { refuse, type Refusal } from '../platform/refusal.ts';
import type { ServerSentEvent } from '../platform/http/sse.ts';
import { LiveService } from './live.service.ts';
import { parseCursor } from './cursor.ts';

@Controller()
export class LiveController {
  readonly #live: LiveService;

  constructor(@Inject(LiveService) live: LiveService) {
    this.#live = live;
  }

  @Handles(api.events.stream)
  async stream(call: Call<typeof api.events.stream>): Promise<AsyncIterable<ServerSentEvent> | Refusal> {
    const cursor = call.request.get('last-event-id') ?? call.query.lastEventId ?? null;
    if (cursor !== null && parseCursor(cursor) === null) {
      return refuse('invalid', 'CURSOR_INVALID', 'Last-Event-ID is not one that this stream gave.', {
        fix: 'Connect without it to follow from now on.',
      });
    }
    const full = this.#live.seat(call.caller.accountId, call.signal);
    if (full !== null) return full;
    // Events are the whole tenant's: to who is limited to sites the stream is open, and silent.
    if ((call.caller.sites ?? null) !== null) return silence(call.signal);
    // Taken before the answer begins: what a client reads once its stream is open has no gap to the first event.
    const from = cursor ?? (await this.#live.now());
    return this.#events(call.caller.tenant, call.query.job ?? null, from, call.signal);
  }

  async *#events(
    tenant: string,
    job: string | null,
    cursor: string,
    signal: AbortSignal,
  ): AsyncGenerator<ServerSentEvent> {
    for await (const batch of this.#live.follow({ tenant, job, cursor }, signal)) {
      for (const { cursor: id, event } of batch) yield { id, event: event.type, data: event };
    }
  }
}

async function* silence(signal: AbortSignal): AsyncGenerator<ServerSentEvent> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  yield* [];
}
