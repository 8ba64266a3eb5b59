/** What a tenant uses of its quotas, and changing them. */
import { Quotas, type Tenant } from '@casare/shared/api';
import { api as endpoints, type Tagged } from '@casare/shared/client';
import { useState } from 'react';
import type { z } from 'zod';
import { useSession } from '../session.tsx';
import { Fault } from '../ui/fault.tsx';
import { Table } from '../ui/table.tsx';
import { useForm } from '../ui/use-form.ts';
import { Conflict, useUpdate } from '../ui/use-update.tsx';
import { QuotaFields, quotasOf } from './quota-fields.tsx';
import { amountWords, QUOTA_NAMES, QUOTAS } from './tenant-words.ts';

const Named = Quotas.partial().strict();

interface TenantQuotasProps {
  readonly seen: Tagged<Tenant>;
  readonly onChanged: () => void;
}

export function TenantQuotas({ seen, onChanged }: TenantQuotasProps) {
  const { may } = useSession();
  const { use, quotas } = seen.value;
  return (
    <section aria-labelledby="quotas-title">
      <h2 id="quotas-title">Quotas</h2>
      <Table caption="Quotas and use" columns={['Of', 'Used', 'At most', '']}>
        {QUOTAS.map((quota) => (
          <tr key={quota} role="row">
            <td role="cell">{QUOTA_NAMES[quota]}</td>
            <td role="cell" data-label="Used">
              {amountWords(quota, use[quota])}
            </td>
            <td role="cell" data-label="At most">
              {quotas[quota] === null ? 'no limit' : amountWords(quota, quotas[quota])}
            </td>
            <td role="cell">
              {quotas[quota] !== null && (
                <meter
                  aria-label={`Used of ${QUOTA_NAMES[quota].toLowerCase()}`}
                  min={0}
                  max={Math.max(1, quotas[quota])}
                  high={quotas[quota] * 0.9}
                  value={Math.min(use[quota], Math.max(1, quotas[quota]))}
                />
              )}
            </td>
          </tr>
        ))}
      </Table>
      {may('platform:write') && <ChangeQuotas key={seen.value.stateSince} seen={seen} onChanged={onChanged} />}
    </section>
  );
}

function ChangeQuotas({ seen, onChanged }: TenantQuotasProps) {
  const { api } = useSession();
  const params = { tenant: seen.value.id };
  const [done, setDone] = useState('');
  const update = useUpdate<Tenant, z.output<typeof Named>>(seen, {
    get: () => api.tagged(endpoints.tenants.get, { params }),
    put: (body, ifMatch) => api.call(endpoints.tenants.setQuotas, { params, body, ifMatch }),
    onSaved: () => {
      setDone('The quotas are changed.');
      onChanged();
    },
  });
  const form = useForm((fields) => {
    setDone('');
    return update.send(Named.parse(quotasOf(fields, '')));
  });
  return (
    <>
      <Conflict what="tenant" update={update} changes={changesBetween} />
      <form ref={form.ref} className="card" onSubmit={form.onSubmit} noValidate aria-label="Change the quotas">
        <QuotaFields key={update.base.etag} before={update.base.value.quotas} prefix="" form={form} />
        {form.error !== null && <Fault error={form.error} />}
        <button type="submit" className="main">
          {form.busy ? 'Changing …' : 'Change the quotas'}
        </button>
        <span role="status">{done}</span>
      </form>
    </>
  );
}

function changesBetween(before: Tenant, now: Tenant): string[] {
  const quotas = QUOTAS.filter((quota) => before.quotas[quota] !== now.quotas[quota]);
  return [...quotas.map((quota) => QUOTA_NAMES[quota].toLowerCase()), ...(before.state === now.state ? [] : ['state'])];
}
