/** Alerts: what was told, by which rules, and where to. */
import { api as endpoints } from '@casare/shared/client';
import { useCallback } from 'react';
import { Channels } from '../alerts/channels.tsx';
import { History } from '../alerts/history.tsx';
import { Rules } from '../alerts/rules.tsx';
import { useSession } from '../session.tsx';
import { Fault } from '../ui/fault.tsx';
import { Loading } from '../ui/loading.tsx';
import { Title } from '../ui/title.tsx';
import { useLoaded } from '../ui/use-loaded.ts';

const AGAIN_MS = 30_000;
/** More than a tenant can have of either. */
const ALL = 200;

export function AlertsPage() {
  const { api } = useSession();
  const load = useCallback(
    async (signal: AbortSignal) => {
      const [channels, rules] = await Promise.all([
        api.call(endpoints.alertChannels.list, { query: { limit: ALL, sort: 'name' }, signal }),
        api.call(endpoints.alertRules.list, { query: { limit: ALL, sort: 'name' }, signal }),
      ]);
      return { channels: channels.items, rules: rules.items };
    },
    [api],
  );
  const { value, error, refresh } = useLoaded(load, AGAIN_MS);
  return (
    <>
      <div className="head">
        <Title>Alerts</Title>
      </div>
      {error !== null && <Fault error={error} onRetry={refresh} />}
      {value === null && error === null && <Loading what="Loading alerts" />}
      {value !== null && (
        <>
          <History channels={value.channels} />
          <Rules {...value} onChanged={refresh} />
          <Channels channels={value.channels} onChanged={refresh} />
        </>
      )}
    </>
  );
}
