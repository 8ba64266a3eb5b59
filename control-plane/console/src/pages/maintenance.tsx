/** What gets no new jobs for a time: routes that are paused, and windows over routes, sites and agents. */
import { api as endpoints } from '@casare/shared/client';
import { useCallback } from 'react';
import { NewWindow } from '../maintenance/new-window.tsx';
import { Routes } from '../maintenance/routes.tsx';
import { Windows } from '../maintenance/windows.tsx';
import { useSession } from '../session.tsx';
import { Fault } from '../ui/fault.tsx';
import { Loading } from '../ui/loading.tsx';
import { Title } from '../ui/title.tsx';
import { useLoaded } from '../ui/use-loaded.ts';

const AGAIN_MS = 10_000;
/** Of each list: the newest. */
const SHOWN = 200;

export function MaintenancePage() {
  const { api } = useSession();
  const load = useCallback(
    async (signal: AbortSignal) => {
      const [routes, windows, agents] = await Promise.all([
        api.call(endpoints.routes.list, { query: { limit: SHOWN }, signal }),
        api.call(endpoints.maintenance.list, { query: { limit: SHOWN }, signal }),
        api.call(endpoints.agents.list, { query: { limit: SHOWN }, signal }),
      ]);
      return { routes: routes.items, windows: windows.items, agents: agents.items };
    },
    [api],
  );
  const { value, error, refresh } = useLoaded(load, AGAIN_MS);
  return (
    <>
      <div className="head">
        <Title>Maintenance</Title>
      </div>
      <p className="faint">What is closed gets no new jobs. What runs already goes on.</p>
      {error !== null && <Fault error={error} onRetry={refresh} />}
      {value === null && error === null && <Loading what="Loading what is closed" />}
      {value !== null && (
        <>
          <Windows {...value} onChanged={refresh} />
          <NewWindow {...value} onChanged={refresh} />
          <Routes {...value} onChanged={refresh} />
        </>
      )}
    </>
  );
}
