/** The fields of an identity provider. */
import { Role, type Provider } from '@casare/shared/api';
import { Field } from '../ui/field.tsx';
import type { FormState } from '../ui/use-form.ts';
import { roleLines } from './provider-request.ts';

interface FieldsProps {
  readonly form: FormState;
  /** Null: a new one. */
  readonly provider: Provider | null;
  readonly kind: Provider['kind'];
}

/** Where it is, and as whom we go there: of a new one only. */
export function PlaceFields({ form, kind }: FieldsProps) {
  const plain = { autoComplete: 'off', spellCheck: false } as const;
  return (
    <>
      <Field label="Issuer" wrong={form.wrong('issuer')} hint="Its address, which is read before it is saved.">
        {(given) => <input {...given} {...plain} name="issuer" type="url" maxLength={1_000} />}
      </Field>
      <div className="row">
        {kind === 'oidc' ? (
          <>
            <Field label="Client id" wrong={form.wrong('clientId')}>
              {(given) => <input {...given} {...plain} name="clientId" maxLength={500} />}
            </Field>
            <SecretField form={form} keeps={false} />
            <Field label="Scopes" wrong={form.wrong('scopes')}>
              {(given) => (
                <input {...given} {...plain} name="scopes" maxLength={500} defaultValue="openid email profile" />
              )}
            </Field>
          </>
        ) : (
          <>
            <Field label="Audience of its tokens" wrong={form.wrong('audience')}>
              {(given) => <input {...given} {...plain} name="audience" maxLength={500} />}
            </Field>
            <Field
              label="Address of its keys"
              wrong={form.wrong('keysUrl')}
              hint="Empty: /.well-known/jwks.json below the issuer."
            >
              {(given) => <input {...given} {...plain} name="keysUrl" type="url" maxLength={1_000} />}
            </Field>
          </>
        )}
      </div>
    </>
  );
}

export function SecretField({ form, keeps }: { form: FormState; keeps: boolean }) {
  return (
    <Field
      label="Client secret"
      wrong={form.wrong('clientSecret')}
      hint={keeps ? 'Empty: it stays as it is.' : 'It is not shown again.'}
    >
      {(given) => (
        <input {...given} name="clientSecret" type="password" maxLength={1_000} autoComplete="new-password" />
      )}
    </Field>
  );
}

/** How it is used. */
export function UseFields({ form, provider, kind }: FieldsProps) {
  return (
    <>
      <div className="row">
        <Field
          label="Where the groups stand"
          wrong={form.wrong('groupsClaim')}
          hint="A claim, or a path such as app_metadata.role."
        >
          {(given) => (
            <input
              {...given}
              name="groupsClaim"
              maxLength={200}
              defaultValue={provider?.groupsClaim ?? (kind === 'oidc' ? 'groups' : 'app_metadata.role')}
              autoComplete="off"
              spellCheck={false}
            />
          )}
        </Field>
        <Field
          label="Roles by group"
          wrong={form.wrong('roles')}
          hint={
            <>
              One a line, such as <code>staff = viewer</code>. Roles: {Role.options.join(', ')}. Of several the highest
              counts; without one there is no access.
            </>
          }
        >
          {(given) => (
            <textarea
              {...given}
              name="roles"
              className="code"
              rows={3}
              spellCheck={false}
              defaultValue={provider === null ? '' : roleLines(provider.roles)}
            />
          )}
        </Field>
      </div>
      <label className="check">
        <input type="checkbox" name="linkByEmail" defaultChecked={provider?.linkByEmail} /> Who comes with the verified
        address of an account gets that account
      </label>
      <label className="check">
        <input type="checkbox" name="trustEmail" defaultChecked={provider?.trustEmail} /> Its addresses count as
        verified, although it does not say so
      </label>
    </>
  );
}

export function NameField({ form, provider }: Omit<FieldsProps, 'kind'>) {
  return (
    <Field label="Name" wrong={form.wrong('name')} hint="As it stands on the sign-in page.">
      {(given) => <input {...given} name="name" maxLength={100} defaultValue={provider?.name} autoComplete="off" />}
    </Field>
  );
}
