/** A secret of the control plane: a new one, or a new version and new rules of one that is there. */
import { SecretName } from '@casare/shared/protocol';
import type { Secret } from '@casare/shared/api';
import { api as endpoints } from '@casare/shared/client';
import { z } from 'zod';
import { useState } from 'react';
import { useSession } from '../session.tsx';
import { Fault } from '../ui/fault.tsx';
import { Field } from '../ui/field.tsx';
import { textOf, useForm } from '../ui/use-form.ts';
import { AboutFields, RuleFields } from './about-fields.tsx';
import { aboutRequestOf, CODES, requestOf } from './secret-request.ts';
import { ValueFields } from './value-fields.tsx';

interface SecretFormProps {
  /** Null: a new one. */
  readonly secret: Secret | null;
  readonly onStored: (stored: Secret) => void;
}

const Named = z.object({ name: SecretName });

export function SecretForm({ secret, onStored }: SecretFormProps) {
  const { api } = useSession();
  const [done, setDone] = useState('');
  const sealed = secret?.mode === 'sealed';
  const form = useForm(async (fields) => {
    setDone('');
    const { name } = secret ?? Named.parse({ name: textOf(fields, 'name') });
    const body = sealed ? aboutRequestOf(fields) : requestOf(fields, { needed: secret === null });
    const stored = await api.call(endpoints.secrets.set, { params: { name }, body });
    setDone(
      body.value === undefined ? 'It is saved.' : `Version ${stored.version} is stored: jobs get it from now on.`,
    );
    onStored(stored);
  }, CODES);
  return (
    <>
      {/* With another version the form begins anew: what was typed is nowhere any more. */}
      <form
        key={secret?.versionAt}
        ref={form.ref}
        className="card"
        onSubmit={form.onSubmit}
        noValidate
        autoComplete="off"
        aria-label={secret === null ? 'New secret' : 'Change the secret'}
      >
        {secret === null && (
          <Field
            label="Name"
            wrong={form.wrong('name')}
            hint="By which workflows call it. It stays: another name is another secret."
          >
            {(given) => <input {...given} name="name" maxLength={100} autoComplete="off" spellCheck={false} />}
          </Field>
        )}
        {!sealed && <ValueFields wrong={form.wrong('value')} keeps={secret !== null} />}
        {!sealed && <RuleFields secret={secret} form={form} />}
        <AboutFields secret={secret} form={form} />
        {form.error !== null && <Fault error={form.error} />}
        <button type="submit" className="main">
          {form.busy ? 'Storing …' : secret === null ? 'Store the secret' : 'Save'}
        </button>
      </form>
      <p role="status">{done}</p>
    </>
  );
}
