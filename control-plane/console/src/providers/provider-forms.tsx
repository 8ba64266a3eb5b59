/** A new identity provider, and changing how one is used. */
import type { Provider, ProviderChange } from '@casare/shared/api';
import { api as endpoints, type Tagged } from '@casare/shared/client';
import { useState } from 'react';
import { useSession } from '../session.tsx';
import { Fault } from '../ui/fault.tsx';
import { Field } from '../ui/field.tsx';
import { useFocusFirst, useForm } from '../ui/use-form.ts';
import { Conflict, useUpdate } from '../ui/use-update.tsx';
import { NameField, PlaceFields, SecretField, UseFields } from './provider-fields.tsx';
import { changeOf, CODES, requestOf } from './provider-request.ts';

export function NewProvider({ onMade }: { onMade: () => void }) {
  const { api } = useSession();
  const [kind, setKind] = useState<Provider['kind']>('oidc');
  const [done, setDone] = useState('');
  const form = useForm(async (fields, element) => {
    setDone('');
    const { name } = await api.call(endpoints.providers.create, { body: requestOf(fields, kind) });
    element.reset();
    setDone(`${name} is added.`);
    onMade();
  }, CODES);
  return (
    <section aria-labelledby="new-title">
      <h2 id="new-title">Add one</h2>
      <form ref={form.ref} className="card" onSubmit={form.onSubmit} noValidate aria-label="New provider">
        <div className="row">
          <Field label="Kind">
            {(given) => (
              <select
                {...given}
                name="kind"
                value={kind}
                onChange={({ target }) => setKind(target.value === 'jwt' ? 'jwt' : 'oidc')}
              >
                <option value="oidc">OpenID Connect: people sign in with it</option>
                <option value="jwt">Tokens (JWT): programs show them</option>
              </select>
            )}
          </Field>
          <NameField form={form} provider={null} />
        </div>
        {kind === 'oidc' && (
          <p className="faint">
            Register this console there, with <code>{location.origin}/login/callback</code> as the address to come back
            to, and <code>{location.origin}/login</code> after signing out.
          </p>
        )}
        <PlaceFields key={kind} form={form} provider={null} kind={kind} />
        <UseFields key={`use ${kind}`} form={form} provider={null} kind={kind} />
        {form.error !== null && <Fault error={form.error} />}
        <button type="submit" className="main">
          {form.busy ? 'Asking it …' : 'Add the provider'}
        </button>
        <span role="status">{done}</span>
      </form>
    </section>
  );
}

interface ChangeProviderProps {
  readonly seen: Tagged<Provider>;
  readonly onDone: (words: string) => void;
}

export function ChangeProvider({ seen, onDone }: ChangeProviderProps) {
  const { api } = useSession();
  const params = { id: seen.value.id };
  const update = useUpdate<Provider, ProviderChange>(seen, {
    get: () => api.tagged(endpoints.providers.get, { params }),
    put: (body, ifMatch) => api.call(endpoints.providers.change, { params, body, ifMatch }),
    onSaved: ({ value }) => onDone(`${value.name} is changed.`),
  });
  const form = useForm((fields) => update.send(changeOf(fields)));
  useFocusFirst(form.ref);
  const { etag, value: provider } = update.base;
  return (
    <>
      <Conflict what="provider" update={update} changes={changesBetween} />
      <form ref={form.ref} className="card" onSubmit={form.onSubmit} noValidate aria-label={`Change ${provider.name}`}>
        <div key={etag} className="form">
          <NameField form={form} provider={provider} />
          <UseFields form={form} provider={provider} kind={provider.kind} />
          {provider.kind === 'oidc' && <SecretField form={form} keeps />}
        </div>
        {form.error !== null && <Fault error={form.error} />}
        <div className="tools">
          <button type="submit" className="main">
            {form.busy ? 'Saving …' : 'Save'}
          </button>
          <button type="button" onClick={() => onDone('')}>
            Cancel
          </button>
        </div>
      </form>
    </>
  );
}

const NAMES = {
  ...{ name: 'name', groupsClaim: 'where the groups stand', roles: 'roles' },
  ...{ linkByEmail: 'accounts by address', trustEmail: 'verified addresses' },
} as const;

function changesBetween(before: Provider, now: Provider): string[] {
  const keys = Object.keys(NAMES) as (keyof typeof NAMES)[];
  return keys.filter((key) => JSON.stringify(before[key]) !== JSON.stringify(now[key])).map((key) => NAMES[key]);
}
