/** The attempts of a job: which agent had each, since when, and how it ended. */
import type { Attempt, Job } from '@casare/shared/api';
import { api as endpoints } from '@casare/shared/client';
import { useCallback } from 'react';
import { useSession } from '../session.tsx';
import { Fault } from '../ui/fault.tsx';
import { Loading } from '../ui/loading.tsx';
import { Table } from '../ui/table.tsx';
import { useLoaded } from '../ui/use-loaded.ts';
import { Ago, Took } from '../ui/when.tsx';

const LIMIT = 200;

export function Attempts({ job }: { job: Job }) {
  const { api } = useSession();
  const { id, attempt, state } = job;
  // Another attempt, or another state, is another list.
  const load = useCallback(
    (signal: AbortSignal) =>
      attempt === 0 && state === 'pending'
        ? Promise.resolve({ items: [], nextCursor: null })
        : api.call(endpoints.jobs.attempts, { params: { id }, query: { limit: LIMIT }, signal }),
    [api, id, attempt, state],
  );
  const { value, error, refresh } = useLoaded(load);
  return (
    <section aria-labelledby="attempts-title">
      <h2 id="attempts-title">Attempts</h2>
      {error !== null && <Fault error={error} onRetry={refresh} />}
      {value === null && error === null && <Loading what="Loading the attempts" />}
      {value?.items.length === 0 && <p className="empty">No agent has had it yet.</p>}
      {value !== null && value.items.length > 0 && (
        <Table
          caption="Attempts, oldest first"
          columns={['Attempt', 'Agent', 'Given out', 'Duration', 'Ended as', 'Records']}
        >
          {value.items.map((one) => (
            <AttemptRow
              key={one.attempt}
              attempt={one}
              isGeneration={value.items.some((other) => other.generation > 1)}
            />
          ))}
        </Table>
      )}
      {value?.nextCursor != null && <p className="faint">The first {LIMIT} are shown. The API has all of them.</p>}
    </section>
  );
}

function AttemptRow({ attempt: one, isGeneration }: { attempt: Attempt; isGeneration: boolean }) {
  const { attempt, generation, agent, leasedAt, endedAt, outcome, error, records } = one;
  return (
    <tr role="row">
      <td role="cell" data-label="Attempt">
        {attempt} {isGeneration && <span className="faint">generation {generation}</span>}
      </td>
      <td role="cell" data-label="Agent">
        {agent?.name ?? <span className="faint">removed</span>}
      </td>
      <td role="cell" data-label="Given out">
        <Ago time={leasedAt} />
      </td>
      <td role="cell" data-label="Duration">
        <Took from={leasedAt} to={endedAt} />
      </td>
      <td role="cell" data-label="Ended as">
        {outcome === null ? <span className="faint">under way</span> : outcome.replaceAll('_', ' ')}{' '}
        {error !== null && <code title={error.detail}>{error.code ?? error.status}</code>}
      </td>
      <td role="cell" data-label="Records">
        {records}
      </td>
    </tr>
  );
}
