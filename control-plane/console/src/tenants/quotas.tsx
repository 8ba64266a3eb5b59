/** What a tenant uses of its quotas, and changing them. */
import { Quotas, type Tenant } from '@casare/shared/api';
import { api as endpoints } from '@casare/shared/client';
import { useState } from 'react';
import { useSession } from '../session.tsx';
import { Fault } from '../ui/fault.tsx';
import { Table } from '../ui/table.tsx';
import { useForm } from '../ui/use-form.ts';
import { QuotaFields, quotasOf } from './quota-fields.tsx';
import { amountWords, QUOTA_NAMES, QUOTAS } from './tenant-words.ts';

const Named = Quotas.partial().strict();

export function TenantQuotas({ tenant, onChanged }: { tenant: Tenant; onChanged: () => void }) {
  const { api, may } = useSession();
  const { id, use, quotas } = tenant;
  const [done, setDone] = useState('');
  const form = useForm(async (fields) => {
    setDone('');
    const body = Named.parse(quotasOf(fields, ''));
    await api.call(endpoints.tenants.setQuotas, { params: { tenant: id }, body });
    setDone('The quotas are changed.');
    onChanged();
  });
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
      {may('platform:write') && (
        <form ref={form.ref} className="card" onSubmit={form.onSubmit} noValidate aria-label="Change the quotas">
          <QuotaFields before={quotas} prefix="" form={form} />
          {form.error !== null && <Fault error={form.error} />}
          <button type="submit" className="main">
            {form.busy ? 'Changing …' : 'Change the quotas'}
          </button>
          <span role="status">{done}</span>
        </form>
      )}
    </section>
  );
}
