/**
 * The list of jobs, kept as it is on the control plane: events say which jobs changed, and one request (for the newest
 * page) plus a few (for changed jobs further down) bring them up to date, however many events there were.
 */
import type { Job, JobState, LiveEvent } from '@casare/shared/api';
import { api as endpoints } from '@casare/shared/client';
import { useEffect, useRef, useState } from 'react';
import type { Api } from '../api.ts';
import { Refresher } from '../live/refresher.ts';
import { useLive, type LiveStatus } from '../live/use-live.ts';
import { withChanged, withNewest, withOlder, type JobList } from './job-list.ts';

const PAGE = 50;
/** Changed jobs below the newest page that are asked for at once; the others in the next round. */
const SINGLES = 10;

export interface Jobs {
  /** Null until the first page is there. */
  readonly list: JobList | null;
  readonly error: unknown;
  readonly live: LiveStatus;
  readonly loadingOlder: boolean;
  /** Asks for the newest page again. */
  readonly refresh: () => void;
  /** Asks for the next older page. */
  readonly older: () => void;
}

export function useJobs(api: Api, state: JobState | null): Jobs {
  const [list, setList] = useState<JobList | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [loadingOlder, setLoadingOlder] = useState(false);
  const latest = useRef(list);
  useEffect(() => {
    latest.current = list;
  }, [list]);
  const changed = useRef(new Set<string>());
  const refresher = useRef<Refresher | null>(null);
  useEffect(() => {
    const load = async (signal: AbortSignal) => {
      const asked = changed.current;
      changed.current = new Set();
      try {
        const page = await api.call(endpoints.jobs.list, { query: query(state), signal });
        const ids = below(asked, page.items, latest.current);
        const singles = await Promise.all(
          ids.slice(0, SINGLES).map((id) => api.call(endpoints.jobs.get, { params: { id }, signal })),
        );
        setList((known) => withChanged(withNewest(known, page), singles, state));
        setError(null);
        const left = ids.slice(SINGLES);
        for (const id of left) changed.current.add(id);
        if (left.length > 0) refresher.current?.ask();
      } catch (failure) {
        for (const id of asked) changed.current.add(id);
        if (!signal.aborted) setError(failure);
      }
    };
    const made = (refresher.current = new Refresher(load));
    made.ask();
    return () => made.stop();
  }, [api, state]);

  const refresh = () => refresher.current?.ask();
  const onEvents = (events: readonly LiveEvent[]) => {
    const ids = events.filter(isAboutJob).map(({ jobId }) => jobId);
    for (const id of ids) changed.current.add(id);
    if (ids.length > 0) refresh();
  };
  const live = useLive(api, null, { onOpen: refresh, onEvents });

  const older = async () => {
    if (list?.cursor == null) return;
    setLoadingOlder(true);
    try {
      const page = await api.call(endpoints.jobs.list, { query: { ...query(state), cursor: list.cursor } });
      setList((known) => (known === null || known.cursor !== list.cursor ? known : withOlder(known, page)));
    } catch (failure) {
      setError(failure);
    }
    setLoadingOlder(false);
  };
  return { list, error, live, loadingOlder, refresh, older: () => void older() };
}

function query(state: JobState | null) {
  return { limit: PAGE, ...(state === null ? {} : { state }) };
}

function isAboutJob(event: LiveEvent): event is Extract<LiveEvent, { jobId: string }> {
  return event.type === 'job.changed' || event.type === 'artifact.stored';
}

/** The changed jobs that are shown but not on the newest page. */
function below(changed: ReadonlySet<string>, page: readonly Job[], list: JobList | null): string[] {
  const onPage = new Set(page.map(({ id }) => id));
  return (list?.items ?? []).map(({ id }) => id).filter((id) => changed.has(id) && !onPage.has(id));
}
