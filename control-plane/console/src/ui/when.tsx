/** Times and durations that keep themselves right while the page is open, all on one shared timer. */
import { useSyncExternalStore } from 'react';
import { agoWords, durationWords, exactWords, untilWords, wallWords } from '../words.ts';

const TICK_MS = 1_000;
const AGO_MS = 30_000;

/** A time as `2 minutes ago`, the exact one in its title. */
export function Ago({ time }: { time: string }) {
  const now = useNow(AGO_MS);
  return (
    <time dateTime={time} title={exactWords(time)}>
      {agoWords(Date.parse(time), now)}
    </time>
  );
}

/** A time to come as `in 2 minutes`, the exact one in its title. */
export function Until({ time }: { time: string }) {
  const now = useNow(AGO_MS);
  return (
    <time dateTime={time} title={exactWords(time)}>
      {untilWords(Date.parse(time), now)}
    </time>
  );
}

/** A time as the clocks of a zone show it; without one, those of the reader. */
export function Wall({ time, zone }: { time: string; zone?: string }) {
  return (
    <time dateTime={time} title={exactWords(time)}>
      {wallWords(time, zone)}
    </time>
  );
}

/** How long something took, or takes until now when it has no end. */
export function Took({ from, to }: { from: string; to: string | null }) {
  return to === null ? <Running from={from} /> : <>{durationWords(Date.parse(to) - Date.parse(from))}</>;
}

function Running({ from }: { from: string }) {
  const now = useNow(TICK_MS);
  return <>{durationWords(Math.max(0, Math.floor((now - Date.parse(from)) / TICK_MS) * TICK_MS))}</>;
}

const listeners = new Set<() => void>();
let current = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

/** The time now, renewed every `everyMs` (a multiple of a second). */
function useNow(everyMs: number): number {
  return useSyncExternalStore(subscribe, () => Math.floor(current / everyMs) * everyMs);
}

function subscribe(changed: () => void): () => void {
  current = Date.now();
  listeners.add(changed);
  timer ??= setInterval(tick, TICK_MS);
  return () => {
    listeners.delete(changed);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

function tick(): void {
  current = Date.now();
  for (const changed of listeners) changed();
}
