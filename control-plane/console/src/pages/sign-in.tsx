/** Signing in by e-mail address and password. One-time links are used by the session before this is shown. */
import { api as endpoints, ApiError } from '@casare/shared/client';
import { useCallback, useState, type SyntheticEvent } from 'react';
import { useSession } from '../session.tsx';
import { Fault } from '../ui/fault.tsx';
import { Title } from '../ui/title.tsx';
import { useLoaded } from '../ui/use-loaded.ts';

/** `error`: why nobody is signed in any more; null when nobody was. */
export function SignInPage({ error: before }: { error: unknown }) {
  const { signIn } = useSession();
  const [error, setError] = useState(before);
  const [busy, setBusy] = useState(false);
  const [asked, setAsked] = useState(false);
  const submit = async (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const fields = new FormData(form);
    setBusy(true);
    setError(null);
    try {
      const code = text(fields, 'code').trim();
      await signIn({
        email: text(fields, 'email').trim(),
        password: text(fields, 'password'),
        ...(code === '' ? {} : { secondFactor: code }),
      });
    } catch (failure) {
      setBusy(false);
      if (codeIn(failure) === 'AUTH_SECOND_FACTOR_NEEDED') {
        setAsked(true);
        return;
      }
      setError(failure);
      form.querySelector<HTMLInputElement>(asked ? '[name=code]' : '[name=password]')?.select();
    }
  };
  return (
    <main className="narrow">
      <img src="/favicon.svg" alt="" width="44" height="44" />
      <Title>Sign in to Casare</Title>
      {error !== null && <Fault error={error} />}
      <form className="card" onSubmit={(event) => void submit(event)}>
        <label>
          E-mail address
          <input name="email" type="email" autoComplete="username" required maxLength={320} autoFocus />
        </label>
        <label>
          Password
          <input name="password" type="password" autoComplete="current-password" required maxLength={1_000} />
        </label>
        {asked && (
          <label>
            Code of your authenticator, or a recovery code
            <input name="code" autoComplete="one-time-code" required maxLength={50} autoFocus />
          </label>
        )}
        <button type="submit" className="main" disabled={busy}>
          {busy ? 'Signing in …' : 'Sign in'}
        </button>
      </form>
      <Providers onFailure={setError} />
      <p className="faint">
        First time here? E-mail address and password are in <code>admin.json</code> in the data directory. A one-time
        link is shown by <code>npm start</code>.
      </p>
    </main>
  );
}

/** Another way in: of the tenant in the address (`/login?tenant=acme`), else of the operator's. */
function Providers({ onFailure }: { readonly onFailure: (failure: unknown) => void }) {
  const { api, signOn } = useSession();
  const load = useCallback(
    (signal: AbortSignal) => {
      const tenant = new URLSearchParams(location.search).get('tenant');
      return api.call(endpoints.signOn.providers, { query: tenant === null ? {} : { tenant }, signal });
    },
    [api],
  );
  // Without them one signs in by password: what goes wrong here is said nowhere.
  const { value } = useLoaded(load);
  if (value === null || value.items.length === 0) return null;
  return (
    <section className="card" aria-label="Other ways to sign in">
      {value.items.map(({ id, name }) => (
        <button key={id} type="button" onClick={() => void signOn(id).catch(onFailure)}>
          Sign in with {name}
        </button>
      ))}
    </section>
  );
}

function codeIn(failure: unknown): string | null {
  return failure instanceof ApiError ? failure.problem.code : null;
}

function text(fields: FormData, name: string): string {
  const value = fields.get(name);
  return typeof value === 'string' ? value : '';
}
