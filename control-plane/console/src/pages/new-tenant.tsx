/** A new tenant, and the link by which its first owner comes in. */
import { TenantRequest, type NewTenant } from '@casare/shared/api';
import { api as endpoints } from '@casare/shared/client';
import { useState } from 'react';
import { Link, navigate } from '../router.tsx';
import { useSession } from '../session.tsx';
import { QuotaFields, quotasOf } from '../tenants/quota-fields.tsx';
import { Fault } from '../ui/fault.tsx';
import { Field } from '../ui/field.tsx';
import { ShownOnce } from '../ui/shown-once.tsx';
import { Title } from '../ui/title.tsx';
import { textOf, useForm } from '../ui/use-form.ts';

const CODES = { TENANT_EXISTS: 'id', ACCOUNT_EXISTS: 'owner' } as const;

export function NewTenantPage() {
  const { api } = useSession();
  const [made, setMade] = useState<NewTenant | null>(null);
  const form = useForm(async (fields) => {
    const [id, name, owner] = [textOf(fields, 'id'), textOf(fields, 'name'), textOf(fields, 'owner')];
    const body = TenantRequest.parse({ id, name, owner, quotas: quotasOf(fields, 'quotas.') });
    setMade(await api.call(endpoints.tenants.create, { body }));
    document.querySelector<HTMLElement>('h1')?.focus();
  }, CODES);
  return (
    <>
      <p className="trail">
        <Link to={{ page: 'tenants' }}>Tenants</Link>
      </p>
      <div className="head">
        <Title>New tenant</Title>
      </div>
      {made !== null && (
        <ShownOnce value={made.invitation.url} onTaken={() => navigate({ page: 'tenant', tenant: made.tenant.id })}>
          {made.tenant.name} is made. Give this link to {made.invitation.email} alone: it is good once, and not shown
          again.
        </ShownOnce>
      )}
      {made === null && (
        <form ref={form.ref} className="card" onSubmit={form.onSubmit} noValidate aria-label="New tenant">
          <div className="row">
            <Field
              label="Id"
              wrong={form.wrong('id')}
              hint="It stands in certificates and stays: a to z, 0 to 9 and hyphens."
            >
              {(given) => <input {...given} name="id" maxLength={40} autoComplete="off" spellCheck={false} />}
            </Field>
            <Field label="Name" wrong={form.wrong('name')}>
              {(given) => <input {...given} name="name" maxLength={100} autoComplete="off" />}
            </Field>
            <Field label="E-mail address of its owner" wrong={form.wrong('owner')}>
              {(given) => <input {...given} name="owner" type="email" maxLength={320} autoComplete="off" />}
            </Field>
          </div>
          <QuotaFields before={null} prefix="quotas." form={form} />
          {form.error !== null && <Fault error={form.error} />}
          <button type="submit" className="main">
            {form.busy ? 'Making …' : 'Make the tenant'}
          </button>
        </form>
      )}
    </>
  );
}
