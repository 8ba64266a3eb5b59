/** All tenants of the platform, for its operators. */
import type { TenantSummary } from '@casare/shared/api';
import { api as endpoints } from '@casare/shared/client';
import { useCallback } from 'react';
import { Link } from '../router.tsx';
import { useSession } from '../session.tsx';
import { amountWords, QUOTA_NAMES, QUOTAS, STATE_NAMES } from '../tenants/tenant-words.ts';
import { Fault } from '../ui/fault.tsx';
import { Loading } from '../ui/loading.tsx';
import { SearchField, useSearch } from '../ui/search.tsx';
import { Table } from '../ui/table.tsx';
import { Title } from '../ui/title.tsx';
import { Pager, usePages, type PageAsk } from '../ui/use-pages.tsx';
import { Ago } from '../ui/when.tsx';

const AGAIN_MS = 30_000;

export function TenantsPage() {
  const { api, may } = useSession();
  const search = useSearch();
  const { q } = search;
  const load = useCallback(
    (ask: PageAsk, signal: AbortSignal) =>
      api.call(endpoints.tenants.list, { query: { ...ask, ...(q !== '' && { q }) }, signal }),
    [api, q],
  );
  const { value, error, refresh, pager } = usePages(load, AGAIN_MS);
  return (
    <>
      <div className="head">
        <Title>Tenants</Title>
        <SearchField label="Name or id contains" search={search} pager={pager} />
        {may('platform:write') && (
          <Link to={{ page: 'new-tenant' }} className="button">
            New tenant
          </Link>
        )}
      </div>
      <p className="faint">
        Each is apart from the others: its people, agents, jobs and secrets are seen by nobody else.
      </p>
      {error !== null && <Fault error={error} onRetry={refresh} />}
      {value === null && error === null && <Loading what="Loading tenants" />}
      {value?.items.length === 0 && <p className="empty">No tenant has “{q}” in its name or id.</p>}
      {value !== null && value.items.length > 0 && (
        <Table caption="Tenants, by id" columns={['Tenant', 'State', 'Quotas', 'Made']}>
          {value.items.map((tenant) => (
            <Row key={tenant.id} tenant={tenant} />
          ))}
        </Table>
      )}
      <Pager {...pager} />
    </>
  );
}

function Row({ tenant }: { tenant: TenantSummary }) {
  const { id, name, state, stateReason, quotas, operator, createdAt } = tenant;
  const set = QUOTAS.flatMap((quota) =>
    quotas[quota] === null ? [] : [`${QUOTA_NAMES[quota].toLowerCase()} ${amountWords(quota, quotas[quota])}`],
  );
  return (
    <tr role="row">
      <td role="cell">
        <Link to={{ page: 'tenant', tenant: id }}>{name}</Link>{' '}
        <span className="detail">
          {id}
          {operator && ' · looks after the platform'}
        </span>
      </td>
      <td role="cell" data-label="State">
        <span className="badge" data-tenant={state}>
          {STATE_NAMES[state]}
        </span>{' '}
        <span className="detail">{stateReason}</span>
      </td>
      <td role="cell" data-label="Quotas">
        {set.length === 0 ? <span className="faint">no limits</span> : set.join(', ')}
      </td>
      <td role="cell" data-label="Made">
        <Ago time={createdAt} />
      </td>
    </tr>
  );
}
