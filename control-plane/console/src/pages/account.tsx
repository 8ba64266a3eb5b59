/** One's own sessions, second factor and API keys. */
import { api as endpoints } from '@casare/shared/client';
import { useCallback } from 'react';
import { Keys } from '../account/keys.tsx';
import { SecondFactor } from '../account/second-factor.tsx';
import { Sessions } from '../account/sessions.tsx';
import { useSession } from '../session.tsx';
import { Fault } from '../ui/fault.tsx';
import { Loading } from '../ui/loading.tsx';
import { Title } from '../ui/title.tsx';
import { useLoaded } from '../ui/use-loaded.ts';

const AGAIN_MS = 30_000;
/** More than an account can have of either. */
const ALL = 200;

export function AccountPage() {
  const { api } = useSession();
  const load = useCallback(
    async (signal: AbortSignal) => {
      const query = { limit: ALL };
      const [sessions, keys, factor] = await Promise.all([
        api.call(endpoints.sessions.list, { query, signal }),
        api.call(endpoints.apiKeys.list, { query, signal }),
        api.call(endpoints.secondFactor.show, { signal }),
      ]);
      return { sessions: sessions.items, keys: keys.items, factor };
    },
    [api],
  );
  const { value, error, refresh } = useLoaded(load, AGAIN_MS);
  return (
    <>
      <div className="head">
        <Title>Your account</Title>
      </div>
      {error !== null && <Fault error={error} onRetry={refresh} />}
      {value === null && error === null && <Loading what="Loading your account" />}
      {value !== null && (
        <>
          <Sessions sessions={value.sessions} onChanged={refresh} />
          <SecondFactor {...value.factor} onChanged={refresh} />
          <Keys keys={value.keys} onChanged={refresh} />
        </>
      )}
    </>
  );
}
