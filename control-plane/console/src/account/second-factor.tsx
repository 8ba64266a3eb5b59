/** The second factor: enrolled by a picture, its recovery codes shown once, taken away by a code. */
import { api as endpoints } from '@casare/shared/client';
import { useState, type SyntheticEvent } from 'react';
import { useSession } from '../session.tsx';
import { Fault } from '../ui/fault.tsx';
import { QrCode } from './qr.tsx';

interface SecondFactorProps {
  readonly on: boolean;
  readonly recoveryCodesLeft: number;
  readonly onChanged: () => void;
}

export function SecondFactor({ on, recoveryCodesLeft, onChanged }: SecondFactorProps) {
  const { api } = useSession();
  const [error, setError] = useState<unknown>(null);
  const [begun, setBegun] = useState<{ secret: string; url: string } | null>(null);
  const [codes, setCodes] = useState<readonly string[]>([]);
  const doing = (work: (text: string) => Promise<void>) => async (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const text = new FormData(form).get('text');
    setError(null);
    try {
      await work(typeof text === 'string' ? text : '');
      form.reset();
      onChanged();
    } catch (failure) {
      setError(failure);
    }
  };
  const begin = doing(async (password) =>
    setBegun(await api.call(endpoints.secondFactor.begin, { body: { password } })),
  );
  const confirm = doing(async (code) => {
    const made = await api.call(endpoints.secondFactor.confirm, { body: { code } });
    setBegun(null);
    setCodes(made.recoveryCodes);
  });
  const remove = doing(async (code) => api.call(endpoints.secondFactor.remove, { body: { code } }));
  return (
    <section aria-labelledby="factor-title">
      <h2 id="factor-title">Your second factor</h2>
      <p>
        {on
          ? `On: signing in by password asks for a code. ${recoveryCodesLeft} recovery codes are left.`
          : 'Off: the password alone signs you in.'}
      </p>
      {error !== null && <Fault error={error} />}
      {codes.length > 0 && (
        <div className="card" role="status">
          <p>Keep these recovery codes: each signs you in once without your authenticator. They are not shown again.</p>
          <ul aria-label="Recovery codes">
            {codes.map((code) => (
              <li key={code}>
                <code>{code}</code>
              </li>
            ))}
          </ul>
          <button type="button" onClick={() => setCodes([])}>
            I have them
          </button>
        </div>
      )}
      {!on && begun === null && (
        <Ask label="Your password" type="password" button="Set up a second factor" onSubmit={begin} />
      )}
      {!on && begun !== null && (
        <div className="card">
          <p>Let your authenticator read this, or type the secret, and enter the code that it shows.</p>
          <QrCode text={begun.url} label="QR code of the second factor" />
          <code>{begun.secret}</code>
          <Ask label="Code of your authenticator" type="text" button="Turn it on" onSubmit={confirm} />
        </div>
      )}
      {on && <Ask label="A code, to turn it off" type="text" button="Turn it off" onSubmit={remove} />}
    </section>
  );
}

interface AskProps {
  readonly label: string;
  readonly type: 'text' | 'password';
  readonly button: string;
  readonly onSubmit: (event: SyntheticEvent<HTMLFormElement>) => Promise<void>;
}

function Ask({ label, type, button, onSubmit }: AskProps) {
  return (
    <form className="card" onSubmit={(event) => void onSubmit(event)}>
      <label>
        {label}
        <input
          name="text"
          type={type}
          autoComplete={type === 'password' ? 'current-password' : 'one-time-code'}
          required
          maxLength={1_000}
        />
      </label>
      <button type="submit" className="main">
        {button}
      </button>
    </form>
  );
}
