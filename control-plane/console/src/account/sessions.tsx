/** Where one is signed in; each ended by its button. */
import type { SessionView } from '@casare/shared/api';
import { api as endpoints } from '@casare/shared/client';
import { useState } from 'react';
import { useSession } from '../session.tsx';
import { Fault } from '../ui/fault.tsx';
import { Table } from '../ui/table.tsx';
import { Ago } from '../ui/when.tsx';

interface SessionsProps {
  readonly sessions: readonly SessionView[];
  readonly onChanged: () => void;
}

export function Sessions({ sessions, onChanged }: SessionsProps) {
  const { api } = useSession();
  const [error, setError] = useState<unknown>(null);
  const [done, setDone] = useState('');
  const act = async (work: () => Promise<unknown>, words: string) => {
    setError(null);
    try {
      await work();
      setDone(words);
      // The button that had the focus goes away.
      document.querySelector<HTMLElement>('h1')?.focus();
      onChanged();
    } catch (failure) {
      setError(failure);
    }
  };
  const end = (id: string) => act(() => api.call(endpoints.sessions.end, { params: { id } }), 'The session has ended.');
  const endOthers = () => act(() => api.call(endpoints.sessions.endOthers), 'All other sessions have ended.');
  return (
    <section aria-labelledby="sessions-title">
      <h2 id="sessions-title">Where you are signed in</h2>
      <p role="status">{done}</p>
      {error !== null && <Fault error={error} />}
      <Table caption="Where you are signed in" columns={['Browser', 'Address', 'Since', 'Last used', 'End']}>
        {sessions.map((session) => (
          <tr key={session.id} role="row">
            <td role="cell">{session.userAgent || 'unknown'}</td>
            <td role="cell" data-label="Address">
              {session.address}
            </td>
            <td role="cell" data-label="Since">
              <Ago time={session.createdAt} />
            </td>
            <td role="cell" data-label="Last used">
              {session.lastUsedAt === null ? 'never' : <Ago time={session.lastUsedAt} />}
            </td>
            <td role="cell">
              {session.current ? (
                'this one'
              ) : (
                <button
                  type="button"
                  aria-label={`End the session from ${session.address}, ${session.userAgent}`}
                  onClick={() => void end(session.id)}
                >
                  End
                </button>
              )}
            </td>
          </tr>
        ))}
      </Table>
      <button type="button" disabled={sessions.length < 2} onClick={() => void endOthers()}>
        End all others
      </button>
    </section>
  );
}
