/** One's API keys: made, shown once, rotated, revoked. */
import { Role, within, type ApiKey, type RotatedApiKey } from '@casare/shared/api';
import { api as endpoints } from '@casare/shared/client';
import { useState, type SyntheticEvent } from 'react';
import { sitesOf, sitesWords } from '../people/sites.tsx';
import { useSession } from '../session.tsx';
import { Fault } from '../ui/fault.tsx';
import { ShownOnce } from '../ui/shown-once.tsx';
import { Table } from '../ui/table.tsx';
import { Ago, Until } from '../ui/when.tsx';
import { RotateKey } from './rotate-key.tsx';

interface KeysProps {
  readonly keys: readonly ApiKey[];
  readonly onChanged: () => void;
}

const DAY_SECONDS = 86_400;
const LENGTHS = { '30 days': 30, '90 days': 90, 'a year': 365, 'no end': 0 } as const;

export function Keys({ keys, onChanged }: KeysProps) {
  const { api } = useSession();
  const [error, setError] = useState<unknown>(null);
  const [done, setDone] = useState('');
  const [rotated, setRotated] = useState<RotatedApiKey | null>(null);
  const rotate = async ({ id }: ApiKey, graceSeconds: number) => {
    setError(null);
    setDone('');
    try {
      setRotated(await api.call(endpoints.apiKeys.rotate, { params: { id }, body: { graceSeconds } }));
      onChanged();
    } catch (failure) {
      setError(failure);
    }
  };
  const revoke = async ({ id, name }: ApiKey) => {
    setError(null);
    try {
      await api.call(endpoints.apiKeys.revoke, { params: { id } });
      setDone(`The key ${name} is revoked.`);
      // The button that had the focus goes away.
      document.querySelector<HTMLElement>('h1')?.focus();
      onChanged();
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <section aria-labelledby="keys-title">
      <h2 id="keys-title">Your API keys</h2>
      <p role="status">{done}</p>
      {error !== null && <Fault error={error} />}
      {rotated !== null && (
        <ShownOnce value={rotated.key} onTaken={() => setRotated(null)}>
          Copy the new key of {rotated.name} now: it is not shown again. The old one{' '}
          {Date.parse(rotated.replaces.until) <= Date.parse(rotated.createdAt) ? (
            'has ended.'
          ) : (
            <>
              ends <Until time={rotated.replaces.until} />.
            </>
          )}
        </ShownOnce>
      )}
      {keys.length === 0 && <p className="empty">You have none.</p>}
      {keys.length > 0 && (
        <Table caption="Your API keys" columns={['Name', 'May', 'Made', 'Last used', 'Until', 'Actions']}>
          {keys.map((key) => (
            <tr key={key.id} role="row">
              <td role="cell">{key.name}</td>
              <td role="cell" data-label="May">
                {key.scopes === null ? key.role : key.scopes.join(', ')}{' '}
                {key.sites !== null && <span className="detail">at {sitesWords(key.sites)} alone</span>}
              </td>
              <td role="cell" data-label="Made">
                <Ago time={key.createdAt} />
              </td>
              <td role="cell" data-label="Last used">
                {key.lastUsedAt === null ? 'never' : <Ago time={key.lastUsedAt} />}
              </td>
              <td role="cell" data-label="Until">
                {key.expiresAt === null ? 'no end' : <Until time={key.expiresAt} />}{' '}
                {key.replacedBy !== null && <span className="detail">It was rotated: its grace runs out.</span>}
              </td>
              <td role="cell" className="acts">
                {key.replacedBy === null && (
                  <RotateKey apiKey={key} onRotate={(graceSeconds) => void rotate(key, graceSeconds)} />
                )}
                <button type="button" aria-label={`Revoke the key ${key.name}`} onClick={() => void revoke(key)}>
                  Revoke
                </button>
              </td>
            </tr>
          ))}
        </Table>
      )}
      <NewKey onMade={onChanged} />
    </section>
  );
}

function NewKey({ onMade }: { readonly onMade: () => void }) {
  const { api, state } = useSession();
  const [error, setError] = useState<unknown>(null);
  const [made, setMade] = useState<string | null>(null);
  const mine = state.is === 'in' ? state.me.role : 'viewer';
  const mySites = state.is === 'in' ? state.me.sites : null;
  const roles = Role.options.filter((role) => within({ role, scopes: null }, { role: mine, scopes: null }));
  const submit = async (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const fields = new FormData(form);
    const days = LENGTHS[fields.get('length') as keyof typeof LENGTHS];
    const sites = sitesOf(fields);
    setError(null);
    try {
      const { key } = await api.call(endpoints.apiKeys.create, {
        body: {
          name: fields.get('name') as string,
          role: fields.get('role') as Role,
          ...(sites !== null && { sites }),
          ...(days === 0 ? {} : { ttlSeconds: days * DAY_SECONDS }),
        },
      });
      setMade(key);
      form.reset();
      onMade();
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <>
      <form className="card" onSubmit={(event) => void submit(event)}>
        <label>
          Name of a new key
          <input name="name" required maxLength={100} />
        </label>
        <label>
          It may what this role may
          <select name="role" defaultValue={mine}>
            {roles.map((role) => (
              <option key={role}>{role}</option>
            ))}
          </select>
        </label>
        <label>
          Only at these sites, one a line; empty: where you may
          <textarea name="sites" rows={2} placeholder={mySites?.join('\n')} />
        </label>
        <label>
          Good for
          <select name="length" defaultValue="90 days">
            {Object.keys(LENGTHS).map((length) => (
              <option key={length}>{length}</option>
            ))}
          </select>
        </label>
        <button type="submit" className="main">
          Make the key
        </button>
      </form>
      {error !== null && <Fault error={error} />}
      {made !== null && (
        <ShownOnce value={made} onTaken={() => setMade(null)}>
          Copy the key now: it is not shown again.
        </ShownOnce>
      )}
    </>
  );
}
