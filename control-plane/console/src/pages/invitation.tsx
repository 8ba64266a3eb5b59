/**
 * Choosing a password by an invitation. The token stands behind `#` and is taken out of the address bar at once, so it is
 * in no history and no screenshot.
 */
import { useState, type SyntheticEvent } from 'react';
import { useSession } from '../session.tsx';
import { Fault } from '../ui/fault.tsx';
import { Title } from '../ui/title.tsx';

const tokenAtStart = takeToken();

export function InvitationPage() {
  const { accept } = useSession();
  const [error, setError] = useState<unknown>(tokenAtStart === null ? new NoToken() : null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const [password, again] = [fields.get('password'), fields.get('again')];
    if (typeof password !== 'string' || password !== again) {
      setError(new NotTheSame());
      return;
    }
    setBusy(true);
    setError(null);
    try {
      await accept(tokenAtStart ?? '', password);
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  return (
    <main className="narrow">
      <img src="/favicon.svg" alt="" width="44" height="44" />
      <Title>Welcome to Casare</Title>
      <p>Choose a password for your account. At least 12 characters; a few words that belong only to you are good.</p>
      {error !== null && <Fault error={error} />}
      {tokenAtStart !== null && (
        <form className="card" onSubmit={(event) => void submit(event)}>
          <label>
            Password
            <input
              name="password"
              type="password"
              autoComplete="new-password"
              required
              minLength={12}
              maxLength={1_000}
              autoFocus
            />
          </label>
          <label>
            The same password again
            <input name="again" type="password" autoComplete="new-password" required minLength={12} maxLength={1_000} />
          </label>
          <button type="submit" className="main" disabled={busy}>
            {busy ? 'Signing in …' : 'Set the password and sign in'}
          </button>
        </form>
      )}
    </main>
  );
}

class NoToken extends Error {
  override readonly message = 'This link is not whole. Open it as you were given it, or ask for a new invitation.';
}

class NotTheSame extends Error {
  override readonly message = 'The two passwords are not the same. Enter them again.';
}

function takeToken(): string | null {
  if (location.pathname !== '/invitation') return null;
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (location.hash !== '') history.replaceState(null, '', location.pathname);
  return token === '' ? null : token;
}
