/** What is closed, or will be: the reason, until when, by whom; ended by its button. */
import type { Agent, Closure, RouteView } from '@casare/shared/api';
import { api as endpoints } from '@casare/shared/client';
import { useState } from 'react';
import { useSession } from '../session.tsx';
import { Fault } from '../ui/fault.tsx';
import { Table } from '../ui/table.tsx';
import { Ago } from '../ui/when.tsx';
import { SCOPE_WORDS, targetWords, timesWords } from './closure-words.ts';

interface WindowsProps {
  readonly windows: readonly Closure[];
  readonly routes: readonly RouteView[];
  readonly agents: readonly Agent[];
  readonly onChanged: () => void;
}

export function Windows({ windows, routes, agents, onChanged }: WindowsProps) {
  const { api, state } = useSession();
  const me = state.is === 'in' ? `account:${state.me.accountId}` : null;
  const [ending, setEnding] = useState<string | null>(null);
  const [done, setDone] = useState('');
  const [error, setError] = useState<unknown>(null);
  const end = async ({ id, scope, target }: Closure) => {
    setEnding(id);
    setError(null);
    try {
      await api.call(endpoints.maintenance.remove, { params: { id } });
      setDone(`${SCOPE_WORDS[scope]} ${targetWords({ scope, target }, routes, agents)} is open again.`);
      // The button that had the focus goes away.
      document.querySelector<HTMLElement>('h1')?.focus();
      onChanged();
    } catch (failure) {
      setError(failure);
    }
    setEnding(null);
  };
  return (
    <section aria-labelledby="windows-title">
      <h2 id="windows-title">Pauses and maintenance windows</h2>
      <p role="status">{done}</p>
      {error !== null && <Fault error={error} />}
      {windows.length === 0 && <p className="empty">Nothing is closed, now or later.</p>}
      {windows.length > 0 && (
        <Table caption="Pauses and maintenance windows" columns={['What', 'Now', 'Reason', 'When', 'By', 'End']}>
          {windows.map((window) => (
            <tr key={window.id} role="row">
              <td role="cell">
                {SCOPE_WORDS[window.scope]} {targetWords(window, routes, agents)}
              </td>
              <td role="cell" data-label="Now">
                {window.closed ? <span className="closed">Closed</span> : 'Open'}
              </td>
              <td role="cell" data-label="Reason">
                {window.reason}
              </td>
              <td role="cell" data-label="When">
                {timesWords(window.times)}
              </td>
              <td role="cell" data-label="By">
                {window.createdBy === me ? 'you' : <code>{window.createdBy}</code>} <Ago time={window.createdAt} />
              </td>
              <td role="cell">
                <button
                  type="button"
                  disabled={ending !== null}
                  aria-label={`End: ${SCOPE_WORDS[window.scope]} ${targetWords(window, routes, agents)}, ${window.reason}`}
                  onClick={() => void end(window)}
                >
                  End
                </button>
              </td>
            </tr>
          ))}
        </Table>
      )}
    </section>
  );
}
