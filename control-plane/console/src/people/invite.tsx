/** Inviting somebody: by mail where the operator has a server, else by a link that is shown once. */
import { Role, type Invitation } from '@casare/shared/api';
import { api as endpoints } from '@casare/shared/client';
import { useState, type SyntheticEvent } from 'react';
import { useSession } from '../session.tsx';
import { Fault } from '../ui/fault.tsx';
import { sitesOf } from './sites.tsx';

interface InviteProps {
  /** What may be given. */
  readonly roles: readonly Role[];
  readonly onInvited: () => void;
}

export function Invite({ roles, onInvited }: InviteProps) {
  const { api } = useSession();
  const [error, setError] = useState<unknown>(null);
  const [made, setMade] = useState<Invitation | null>(null);
  const submit = async (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const fields = new FormData(form);
    const email = fields.get('email');
    setError(null);
    setMade(null);
    try {
      const address = typeof email === 'string' ? email.trim() : '';
      const body = { email: address, role: Role.parse(fields.get('role')), sites: sitesOf(fields) };
      setMade(await api.call(endpoints.accounts.invite, { body }));
      form.reset();
      onInvited();
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <>
      <form className="card" onSubmit={(event) => void submit(event)}>
        <label>
          E-mail address of who is invited
          <input name="email" type="email" required maxLength={320} />
        </label>
        <label>
          Their role
          <select name="role" defaultValue="viewer">
            {roles.map((role) => (
              <option key={role}>{role}</option>
            ))}
          </select>
        </label>
        <label>
          Only at these sites, one a line; empty: everywhere
          <textarea name="sites" rows={2} />
        </label>
        <button type="submit" className="main">
          Invite
        </button>
      </form>
      {error !== null && <Fault error={error} />}
      {made !== null && (
        <div className="card" role="status">
          {made.url === null ? (
            <p>An invitation was sent to {made.mailedTo}.</p>
          ) : (
            <>
              <p>Give this link to {made.account.email} alone: it is good once, and not shown again.</p>
              <code>{made.url}</code>
            </>
          )}
          <button type="button" onClick={() => setMade(null)}>
            Done
          </button>
        </div>
      )}
    </>
  );
}
