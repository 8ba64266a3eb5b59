/** Gives an agent another name, site or grants: jobs are routed by them from then on. */
import { AgentUpdate, type Agent } from '@casare/shared/api';
import { api as endpoints, type Tagged } from '@casare/shared/client';
import { useState } from 'react';
import { useSession } from '../session.tsx';
import { Fault } from '../ui/fault.tsx';
import { Field } from '../ui/field.tsx';
import { listOf, textOf, useForm } from '../ui/use-form.ts';
import { Conflict, useUpdate } from '../ui/use-update.tsx';
import { changesBetween } from './agent-words.ts';
import { ChangedBy } from './changed-by.tsx';

interface ChangeAgentProps {
  readonly seen: Tagged<Agent>;
  readonly onSaved: () => void;
}

const CODES = { SITE_DENIED: 'site', GRANTS_FULL: 'grants' };

export function ChangeAgent({ seen, onSaved }: ChangeAgentProps) {
  const { api } = useSession();
  const [done, setDone] = useState('');
  const params = { id: seen.value.id };
  const update = useUpdate<Agent, AgentUpdate>(seen, {
    get: () => api.tagged(endpoints.agents.get, { params }),
    put: (body, ifMatch) => api.call(endpoints.agents.update, { params, body, ifMatch }),
    onSaved: () => {
      setDone('It is saved. Jobs are routed by it from now on.');
      onSaved();
    },
  });
  const form = useForm((fields) => {
    setDone('');
    const site = textOf(fields, 'site');
    const wanted = { name: textOf(fields, 'name'), site: site === '' ? null : site, grants: listOf(fields, 'grants') };
    return update.send(AgentUpdate.parse(wanted));
  }, CODES);
  const { name, site, grants } = update.base.value;
  return (
    <section aria-labelledby="change-title">
      <h2 id="change-title">Name, site and grants</h2>
      <Conflict what="agent" update={update} changes={changesBetween} />
      {update.conflict !== null && <ChangedBy agent={params.id} />}
      <form ref={form.ref} className="card" onSubmit={form.onSubmit} noValidate aria-label="Change the agent">
        <div key={update.base.etag} className="row">
          <Field label="Name" wrong={form.wrong('name')}>
            {(given) => <input {...given} name="name" maxLength={100} defaultValue={name} autoComplete="off" />}
          </Field>
          <Field label="Site" wrong={form.wrong('site')} hint="Jobs of a site run there only. Empty: at none.">
            {(given) => <input {...given} name="site" maxLength={100} defaultValue={site ?? ''} autoComplete="off" />}
          </Field>
          <Field
            label="Grants"
            wrong={form.wrong('grants')}
            hint={
              <>
                One a line, such as <code>erp</code> or <code>line=7</code>. They route jobs.
              </>
            }
          >
            {(given) => (
              <textarea
                {...given}
                name="grants"
                className="code"
                rows={3}
                spellCheck={false}
                defaultValue={grants.join('\n')}
              />
            )}
          </Field>
        </div>
        {form.error !== null && <Fault error={form.error} />}
        <button type="submit" className="main">
          {form.busy ? 'Saving …' : 'Save'}
        </button>
        <span role="status">{done}</span>
      </form>
    </section>
  );
}
