/**
 * Follows live events while a component is shown. Events are handed over in batches, at most every `BATCH_MS` and of
 * at most `BATCH`, so that a busy control plane does not make a page draw itself hundreds of times a second.
 */
import type { LiveEvent } from '@casare/shared/api';
import { useEffect, useEffectEvent, useState } from 'react';
import type { Api } from '../api.ts';

/** `stopped`: the server refuses; repeating does not help. */
export type LiveStatus = 'connecting' | 'live' | 'broken' | 'stopped';

export interface LiveHandlers {
  /** A connection was made, the first or a later one: what is shown may be older than the first event to come. */
  readonly onOpen: () => void;
  readonly onEvents: (events: readonly LiveEvent[]) => void;
}

const BATCH_MS = 100;
const BATCH = 500;

/** `job` narrows to one job's events. */
export function useLive(api: Api, job: string | null, handlers: LiveHandlers): LiveStatus {
  const [status, setStatus] = useState<LiveStatus>('connecting');
  const opened = useEffectEvent(() => {
    setStatus('live');
    handlers.onOpen();
  });
  const came = useEffectEvent((events: readonly LiveEvent[]) => handlers.onEvents(events));
  useEffect(() => {
    const stop = new AbortController();
    let batch: LiveEvent[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const flush = () => {
      clearTimeout(timer);
      timer = undefined;
      const events = batch;
      batch = [];
      if (events.length > 0 && !stop.signal.aborted) came(events);
    };
    const follow = async () => {
      const onBreak = () => setStatus('broken');
      const options = { signal: stop.signal, onBreak, ...(job === null ? {} : { job }) };
      for await (const item of api.follow(options)) {
        if (item.type === 'open') opened();
        else batch.push(item.event);
        if (batch.length >= BATCH) flush();
        else timer ??= setTimeout(flush, BATCH_MS);
      }
    };
    follow().catch(() => setStatus('stopped'));
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [api, job]);
  return status;
}
