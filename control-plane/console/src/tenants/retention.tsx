/** How long a tenant keeps what is over, and changing it. */
import { Retention as Days, type Tenant } from '@casare/shared/api';
import type { Tagged } from '@casare/shared/client';
import { useState } from 'react';
import type { z } from 'zod';
import { Fact, Facts } from '../ui/facts.tsx';
import { Fault } from '../ui/fault.tsx';
import { Field } from '../ui/field.tsx';
import { numberOf, useForm } from '../ui/use-form.ts';
import { Conflict, useUpdate } from '../ui/use-update.tsx';

type DaysKept = z.output<typeof Days>;

const KEPT = { jobsDays: 'Jobs', logsDays: 'Log lines', artifactsDays: 'Files' } as const;
const NAMES = Object.keys(KEPT) as (keyof DaysKept)[];

interface RetentionProps {
  readonly seen: Tagged<Tenant>;
  readonly mayChange: boolean;
  readonly get: () => Promise<Tagged<Tenant>>;
  readonly put: (body: DaysKept, ifMatch: string | undefined) => Promise<Tenant>;
  readonly onChanged: () => void;
}

export function Retention({ seen, mayChange, ...change }: RetentionProps) {
  const { retention } = seen.value;
  return (
    <section aria-labelledby="retention-title">
      <h2 id="retention-title">What is kept, and how long</h2>
      <Facts label="Kept">
        {NAMES.map((name) => (
          <Fact key={name} name={KEPT[name]}>
            {retention[name] === null ? 'as long as the installation keeps them' : `${retention[name]} days`}
          </Fact>
        ))}
      </Facts>
      {mayChange && <ChangeRetention seen={seen} {...change} />}
    </section>
  );
}

function ChangeRetention({ seen, get, put, onChanged }: Omit<RetentionProps, 'mayChange'>) {
  const [done, setDone] = useState('');
  const update = useUpdate<Tenant, DaysKept>(seen, {
    get,
    put,
    onSaved: () => {
      setDone('The retention is changed.');
      onChanged();
    },
  });
  const form = useForm((fields) => {
    setDone('');
    return update.send(Days.parse(Object.fromEntries(NAMES.map((name) => [name, numberOf(fields, name) ?? null]))));
  });
  const { retention } = update.base.value;
  return (
    <>
      <Conflict what="tenant" update={update} changes={changesBetween} />
      <form ref={form.ref} className="card" onSubmit={form.onSubmit} noValidate aria-label="Change the retention">
        <div key={update.base.etag} className="row">
          {NAMES.map((name) => (
            <Field
              key={name}
              label={`${KEPT[name]}, days after the end`}
              wrong={form.wrong(name)}
              hint="Empty: as long as the installation keeps them."
            >
              {(given) => (
                <input {...given} name={name} type="number" min={1} max={3_650} defaultValue={retention[name] ?? ''} />
              )}
            </Field>
          ))}
        </div>
        <p className="faint">What is older goes within minutes, and nothing brings it back.</p>
        {form.error !== null && <Fault error={form.error} />}
        <button type="submit" className="main">
          {form.busy ? 'Changing …' : 'Change the retention'}
        </button>
        <span role="status">{done}</span>
      </form>
    </>
  );
}

function changesBetween(before: Tenant, now: Tenant): string[] {
  const days = NAMES.filter((name) => before.retention[name] !== now.retention[name]);
  return [...days.map((name) => KEPT[name].toLowerCase()), ...(before.state === now.state ? [] : ['state'])];
}
