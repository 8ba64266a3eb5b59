/**
 * One job with its steps, log lines and artifacts, live. Each part is loaded when the page opens and whenever the
 * stream is (re)opened; in between, events bring steps and lines, and say what else must be read again.
 */
import type { Artifact, Job, LiveEvent, LogLine, Step } from '@casare/shared/api';
import { api as endpoints } from '@casare/shared/client';
import { useCallback, useEffect, useRef, useState } from 'react';
import type { Api } from '../api.ts';
import { Refresher } from '../live/refresher.ts';
import { useLive, type LiveStatus } from '../live/use-live.ts';
import { withLines, withSteps } from './run-record.ts';

/** Items of a page, and pages of a list that are read at most. */
const LIMIT = 200;
const PAGES = 25;

export interface JobView {
  /** Null until it is there. */
  readonly job: Job | null;
  readonly steps: readonly Step[];
  readonly lines: readonly LogLine[];
  readonly artifacts: readonly Artifact[];
  readonly error: unknown;
  readonly live: LiveStatus;
  readonly refresh: () => void;
  /** Loads the steps again, with what live events leave out. */
  readonly refreshSteps: () => void;
  /** Takes in the answer of an action. */
  readonly show: (job: Job) => void;
}

interface Refreshers {
  readonly job: Refresher;
  readonly steps: Refresher;
  readonly lines: Refresher;
  readonly artifacts: Refresher;
}

export function useJob(api: Api, id: string): JobView {
  const [job, setJob] = useState<Job | null>(null);
  const [steps, setSteps] = useState<readonly Step[]>([]);
  const [lines, setLines] = useState<readonly LogLine[]>([]);
  const [artifacts, setArtifacts] = useState<readonly Artifact[]>([]);
  const [error, setError] = useState<unknown>(null);
  const parts = useRef<Refreshers | null>(null);
  useEffect(() => {
    const params = { id };
    const part = (load: (signal: AbortSignal) => Promise<void>) =>
      new Refresher((signal) =>
        load(signal).catch((failure: unknown) => {
          if (!signal.aborted) setError(failure);
        }),
      );
    const made: Refreshers = {
      job: part(async (signal) => {
        setJob(await api.call(endpoints.jobs.get, { params, signal }));
        setError(null);
      }),
      steps: part(async (signal) => {
        const call = (query: PageAsk) => api.call(endpoints.jobs.steps, { params, query, signal });
        for await (const page of pages(call)) setSteps((known) => withSteps(known, page));
      }),
      lines: part(async (signal) => {
        const call = (query: PageAsk) => api.call(endpoints.jobs.logs, { params, query, signal });
        for await (const page of pages(call)) setLines((known) => withLines(known, page));
      }),
      artifacts: part(async (signal) => {
        const call = (query: PageAsk) => api.call(endpoints.jobs.artifacts, { params, query, signal });
        const found: Artifact[] = [];
        for await (const page of pages(call)) found.push(...page);
        setArtifacts(found);
      }),
    };
    parts.current = made;
    for (const refresher of Object.values(made) as Refresher[]) refresher.ask();
    return () => {
      for (const refresher of Object.values(made) as Refresher[]) refresher.stop();
    };
  }, [api, id]);

  const refresh = () => {
    for (const refresher of Object.values(parts.current ?? {}) as Refresher[]) refresher.ask();
  };
  const refreshSteps = useCallback(() => parts.current?.steps.ask(), []);
  const onEvents = (events: readonly LiveEvent[]) => {
    const types = new Set(events.map(({ type }) => type));
    setSteps((known) =>
      withSteps(
        known,
        events.flatMap((event) => (event.type === 'step.changed' ? event.step : [])),
      ),
    );
    setLines((known) =>
      withLines(
        known,
        events.flatMap((event) => (event.type === 'log.line' ? event.line : [])),
      ),
    );
    if (types.has('job.changed') || types.has('artifact.stored')) parts.current?.job.ask();
    // A lease that was lost interrupts steps without an event of their own.
    if (types.has('job.changed')) parts.current?.steps.ask();
    if (types.has('artifact.stored')) parts.current?.artifacts.ask();
  };
  const live = useLive(api, id, { onOpen: refresh, onEvents });
  return { job, steps, lines, artifacts, error, live, refresh, refreshSteps, show: setJob };
}

interface PageAsk {
  readonly limit: number;
  readonly cursor?: string;
}

/** The pages of a list, oldest first, at most `PAGES`. */
async function* pages<T>(
  call: (ask: PageAsk) => Promise<{ readonly items: T[]; readonly nextCursor: string | null }>,
): AsyncGenerator<T[]> {
  let cursor: string | null = null;
  for (let n = 0; n < PAGES && (n === 0 || cursor !== null); n += 1) {
    const page = await call({ limit: LIMIT, ...(cursor === null ? {} : { cursor }) });
    yield page.items;
    cursor = page.nextCursor;
  }
}
