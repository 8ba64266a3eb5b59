/** The certificates of an agent, newest first, for who looks after trust. */
import { api as endpoints } from '@casare/shared/client';
import { useCallback } from 'react';
import { useSession } from '../session.tsx';
import { Fault } from '../ui/fault.tsx';
import { Table } from '../ui/table.tsx';
import { useLoaded } from '../ui/use-loaded.ts';
import { Ago, Until } from '../ui/when.tsx';

const AGAIN_MS = 60_000;
/** They are renewed every day, and the newest count. */
const SHOWN = 5;

export function Certificates({ agent }: { agent: string }) {
  const { api } = useSession();
  const load = useCallback(
    (signal: AbortSignal) => api.call(endpoints.trust.certificates, { query: { agent, limit: SHOWN }, signal }),
    [api, agent],
  );
  const { value, error, refresh } = useLoaded(load, AGAIN_MS);
  return (
    <section aria-labelledby="certificates-title">
      <h2 id="certificates-title">Certificates</h2>
      {error !== null && <Fault error={error} onRetry={refresh} />}
      {value?.items.length === 0 && <p className="empty">It has none.</p>}
      {value !== null && value.items.length > 0 && (
        <Table caption="Certificates, newest first" columns={['Serial', 'State', 'Issued', 'Ends']}>
          {value.items.map(({ serial, generation, state, createdAt, notAfter, revokedWhy }) => (
            <tr key={serial} role="row">
              <td role="cell">
                <code>{serial}</code> <span className="detail">generation {generation}</span>
              </td>
              <td role="cell" data-label="State">
                {state} <span className="detail">{revokedWhy}</span>
              </td>
              <td role="cell" data-label="Issued">
                <Ago time={createdAt} />
              </td>
              <td role="cell" data-label="Ends">
                {Date.parse(notAfter) <= Date.now() ? <Ago time={notAfter} /> : <Until time={notAfter} />}
              </td>
            </tr>
          ))}
        </Table>
      )}
    </section>
  );
}
