/** Something of the control plane that a component shows: loaded when it appears, and again whenever it is asked to. */
import { useCallback, useEffect, useRef, useState } from 'react';
import { Refresher } from '../live/refresher.ts';

export interface Loaded<T> {
  /** Null until it is there; the last one while it is loaded again. */
  readonly value: T | null;
  readonly error: unknown;
  readonly refresh: () => void;
}

/** `load` keeps its identity (`useCallback`) while it means the same; `everyMs` loads again by itself. */
export function useLoaded<T>(load: (signal: AbortSignal) => Promise<T>, everyMs?: number): Loaded<T> {
  const [value, setValue] = useState<T | null>(null);
  const [error, setError] = useState<unknown>(null);
  const current = useRef<Refresher | null>(null);
  useEffect(() => {
    const refresher = new Refresher(async (signal) => {
      try {
        const loaded = await load(signal);
        if (signal.aborted) return;
        setValue(loaded);
        setError(null);
      } catch (failure) {
        if (!signal.aborted) setError(failure);
      }
    });
    current.current = refresher;
    refresher.ask();
    const timer = everyMs === undefined ? undefined : setInterval(() => refresher.ask(), everyMs);
    return () => {
      clearInterval(timer);
      refresher.stop();
    };
  }, [load, everyMs]);
  const refresh = useCallback(() => current.current?.ask(), []);
  return { value, error, refresh };
}
