/** One tenant, for operators of the platform: its state, what it uses of its quotas, and its deletion. */
import type { Deletion, Tenant } from '@casare/shared/api';
import { api as endpoints, ApiError, type Tagged } from '@casare/shared/client';
import { useCallback } from 'react';
import { Link } from '../router.tsx';
import { useSession } from '../session.tsx';
import { DeletionReport } from '../tenants/deletion-report.tsx';
import { TenantQuotas } from '../tenants/quotas.tsx';
import { Retention } from '../tenants/retention.tsx';
import { TenantActions } from '../tenants/tenant-actions.tsx';
import { STATE_NAMES } from '../tenants/tenant-words.ts';
import { Fact, Facts } from '../ui/facts.tsx';
import { Fault } from '../ui/fault.tsx';
import { Loading } from '../ui/loading.tsx';
import { Title } from '../ui/title.tsx';
import { useLoaded } from '../ui/use-loaded.ts';
import { Ago, Until } from '../ui/when.tsx';

const AGAIN_MS = 5_000;

export function TenantPage({ id }: { id: string }) {
  const { api, may } = useSession();
  const load = useCallback(
    async (signal: AbortSignal): Promise<{ tagged: Tagged<Tenant> | null; deletion: Deletion | null }> => {
      const options = { params: { tenant: id }, signal };
      const tagged = await orNull('TENANT_NOT_FOUND', api.tagged(endpoints.tenants.get, options));
      if (tagged !== null && tagged.value.state !== 'deleting') return { tagged, deletion: null };
      return { tagged, deletion: await orNull('DELETION_NOT_FOUND', api.call(endpoints.tenants.deletion, options)) };
    },
    [api, id],
  );
  const { value, error, refresh } = useLoaded(load, AGAIN_MS);
  const params = { tenant: id };
  const tagged = value?.tagged ?? null;
  const tenant = tagged?.value ?? null;
  return (
    <>
      <p className="trail">
        <Link to={{ page: 'tenants' }}>Tenants</Link>
      </p>
      <div className="head">
        <Title>{tenant?.name ?? id}</Title>
      </div>
      {error !== null && <Fault error={error} onRetry={refresh} />}
      {value === null && error === null && <Loading what="Loading the tenant" />}
      {value?.tagged === null && value.deletion === null && <p className="empty">There is no tenant {id}.</p>}
      {tenant !== null && may('platform:write') && <TenantActions tenant={tenant} onChanged={refresh} />}
      {tenant !== null && <Known tenant={tenant} />}
      {value !== null && value.deletion !== null && <DeletionReport deletion={value.deletion} />}
      {tagged !== null && tagged.value.state !== 'deleting' && (
        <>
          <TenantQuotas seen={tagged} onChanged={refresh} />
          <Retention
            seen={tagged}
            mayChange={may('platform:write')}
            get={() => api.tagged(endpoints.tenants.get, { params })}
            put={(body, ifMatch) => api.call(endpoints.tenants.setRetention, { params, body, ifMatch })}
            onChanged={refresh}
          />
        </>
      )}
    </>
  );
}

function Known({ tenant }: { tenant: Tenant }) {
  const { id, state, stateSince, stateReason, createdAt, trustDomain, agentCa } = tenant;
  return (
    <Facts label="What is known" wide>
      <Fact name="Id">{id}</Fact>
      <Fact name="State">
        <span className="badge" data-tenant={state}>
          {STATE_NAMES[state]}
        </span>{' '}
        <Ago time={stateSince} /> <span className="detail">{stateReason}</span>
      </Fact>
      <Fact name="Made">
        <Ago time={createdAt} />
      </Fact>
      <Fact name="CA of its agents">
        {agentCa === null ? (
          'none'
        ) : (
          <>
            ends <Until time={agentCa.notAfter} />
          </>
        )}
      </Fact>
      <Fact name="Host of its agents' ids">
        <code>{trustDomain}</code>
      </Fact>
    </Facts>
  );
}

/** Null where the control plane says so by that code. */
async function orNull<T>(code: string, asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ApiError && error.problem.code === code) return null;
    throw error;
  }
}
