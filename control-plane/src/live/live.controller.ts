/**
 * `GET /events`: live events as server-sent events, resumed by `Last-Event-ID`. Each is told to who may read what it is about:
 * the rights are those that the stream was opened with, which ends when there are fewer (`open-streams.ts`).
 */
import { Controller, Inject } from '@nestjs/common';
import { allows, api, type LiveEvent, type Permission } from '@casare/shared/api';
import type { Caller } from '../platform/http/caller.ts';
import { Handles, type Call } from '../platform/http/handles.ts';
import { refuse, type Refusal } from '../platform/refusal.ts';
import type { ServerSentEvent } from '../platform/http/sse.ts';
import { LiveService } from './live.service.ts';
import { parseCursor } from './cursor.ts';

/** By what each kind of event may be read: as what it is about. */
const READ_BY: Readonly<Record<LiveEvent['type'], Permission>> = {
  'job.changed': 'jobs:read',
  'step.changed': 'jobs:read',
  'log.line': 'jobs:read',
  'artifact.stored': 'jobs:read',
  'agent.changed': 'agents:read',
  'agent.drained': 'agents:read',
  'schedule.changed': 'schedules:read',
  'trust.changed': 'trust:read',
  'stream.reset': 'jobs:read',
};

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
    const full = this.#live.seat(call.caller, call.signal);
    if (full !== null) return full;
    // Events are the whole tenant's: to who is limited to sites the stream is open, and silent.
    if ((call.caller.sites ?? null) !== null) return silence(call.signal);
    // Taken before the answer begins: what a client reads once its stream is open has no gap to the first event.
    const from = cursor ?? (await this.#live.now());
    return this.#events(call.caller, call.query.job ?? null, from, call.signal);
  }

  async *#events(
    caller: Caller,
    job: string | null,
    cursor: string,
    signal: AbortSignal,
  ): AsyncGenerator<ServerSentEvent> {
    for await (const batch of this.#live.follow({ tenant: caller.tenant, job, cursor }, signal)) {
      for (const { cursor: id, event } of batch) {
        if (allows(caller, READ_BY[event.type])) yield { id, event: event.type, data: event };
      }
    }
  }
}

async function* silence(signal: AbortSignal): AsyncGenerator<ServerSentEvent> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  yield* [];
}
