/** A secret of the control plane: a new one, or a new version and new rules of one that is there. */
import { SecretName } from '@casare/shared/protocol';
import type { Secret, SecretRequest } from '@casare/shared/api';
import { api as endpoints, type Tagged } from '@casare/shared/client';
import { z } from 'zod';
import { useState } from 'react';
import { useSession } from '../session.tsx';
import { Fault } from '../ui/fault.tsx';
import { Field } from '../ui/field.tsx';
import { textOf, useForm } from '../ui/use-form.ts';
import { Conflict, useUpdate } from '../ui/use-update.tsx';
import { AboutFields, RuleFields } from './about-fields.tsx';
import { aboutRequestOf, CODES, requestOf } from './secret-request.ts';
import { changesBetween } from './secret-words.ts';
import { ValueFields } from './value-fields.tsx';

const Named = z.object({ name: SecretName });

/** A new one. */
export function NewSecret({ onStored }: { onStored: (name: string) => void }) {
  const { api } = useSession();
  const form = useForm(async (fields) => {
    const { name } = Named.parse({ name: textOf(fields, 'name') });
    const body = requestOf(fields, { needed: true });
    await api.call(endpoints.secrets.set, { params: { name }, body });
    onStored(name);
  }, CODES);
  return (
    <form
      ref={form.ref}
      className="card"
      onSubmit={form.onSubmit}
      noValidate
      autoComplete="off"
      aria-label="New secret"
    >
      <Field
        label="Name"
        wrong={form.wrong('name')}
        hint="By which workflows call it. It stays: another name is another secret."
      >
        {(given) => <input {...given} name="name" maxLength={100} autoComplete="off" spellCheck={false} />}
      </Field>
      <ValueFields wrong={form.wrong('value')} keeps={false} />
      <RuleFields secret={null} form={form} />
      <AboutFields secret={null} form={form} />
      {form.error !== null && <Fault error={form.error} />}
      <button type="submit" className="main">
        {form.busy ? 'Storing …' : 'Store the secret'}
      </button>
    </form>
  );
}

interface ChangeSecretProps {
  readonly seen: Tagged<Secret>;
  readonly onSaved: () => void;
}

/** Another value or other rules of one that is there; of a sealed one only what is said about it. */
export function ChangeSecret({ seen, onSaved }: ChangeSecretProps) {
  const { api } = useSession();
  const [done, setDone] = useState('');
  const params = { name: seen.value.name };
  const update = useUpdate<Secret, SecretRequest>(seen, {
    get: () => api.tagged(endpoints.secrets.get, { params }),
    put: (body, ifMatch) => api.call(endpoints.secrets.set, { params, body, ifMatch }),
    onSaved: ({ value: { version } }, { value }) => {
      setDone(value === undefined ? 'It is saved.' : `Version ${version} is stored: jobs get it from now on.`);
      onSaved();
    },
  });
  return (
    <>
      <Conflict what="secret" update={update} changes={changesBetween} />
      {/* It begins anew after each change: what was typed is nowhere any more. */}
      <ChangeForm
        key={update.base.etag}
        secret={update.base.value}
        onSend={(body) => {
          setDone('');
          return update.send(body);
        }}
      />
      <p role="status">{done}</p>
    </>
  );
}

function ChangeForm({ secret, onSend }: { secret: Secret; onSend: (body: SecretRequest) => Promise<void> }) {
  const sealed = secret.mode === 'sealed';
  const form = useForm(
    (fields) => onSend(sealed ? aboutRequestOf(fields) : requestOf(fields, { needed: false })),
    CODES,
  );
  return (
    <form
      ref={form.ref}
      className="card"
      onSubmit={form.onSubmit}
      noValidate
      autoComplete="off"
      aria-label="Change the secret"
    >
      {!sealed && <ValueFields wrong={form.wrong('value')} keeps />}
      {!sealed && <RuleFields secret={secret} form={form} />}
      <AboutFields secret={secret} form={form} />
      {form.error !== null && <Fault error={form.error} />}
      <button type="submit" className="main">
        {form.busy ? 'Saving …' : 'Save'}
      </button>
    </form>
  );
}
