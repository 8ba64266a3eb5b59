/** One's own tenant: what it uses of its quotas, and how long it keeps what is over. */
import { api as endpoints } from '@casare/shared/client';
import { useCallback } from 'react';
import { useSession } from '../session.tsx';
import { TenantQuotas } from '../tenants/quotas.tsx';
import { Retention } from '../tenants/retention.tsx';
import { Fault } from '../ui/fault.tsx';
import { Loading } from '../ui/loading.tsx';
import { Title } from '../ui/title.tsx';
import { useLoaded } from '../ui/use-loaded.ts';

const AGAIN_MS = 30_000;

export function OwnTenantPage() {
  const { api, may } = useSession();
  const load = useCallback((signal: AbortSignal) => api.tagged(endpoints.tenant.get, { signal }), [api]);
  const { value: seen, error, refresh } = useLoaded(load, AGAIN_MS);
  return (
    <>
      <div className="head">
        <Title>Your tenant</Title>
      </div>
      {error !== null && <Fault error={error} onRetry={refresh} />}
      {seen === null && error === null && <Loading what="Loading your tenant" />}
      {seen !== null && (
        <>
          <Retention
            seen={seen}
            mayChange={may('tenant:write')}
            get={() => api.tagged(endpoints.tenant.get)}
            put={(body, ifMatch) => api.call(endpoints.tenant.setRetention, { body, ifMatch })}
            onChanged={refresh}
          />
          <TenantQuotas seen={seen} onChanged={refresh} />
        </>
      )}
    </>
  );
}
