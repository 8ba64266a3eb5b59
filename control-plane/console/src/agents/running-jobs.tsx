/** The jobs that an agent has now, and how it stands with each. */
import type { Job } from '@casare/shared/api';
import { api as endpoints } from '@casare/shared/client';
import { useCallback } from 'react';
import { Link } from '../router.tsx';
import { useSession } from '../session.tsx';
import { Fault } from '../ui/fault.tsx';
import { StateBadge } from '../ui/state-badge.tsx';
import { Table } from '../ui/table.tsx';
import { useLoaded } from '../ui/use-loaded.ts';
import { Took } from '../ui/when.tsx';

const AGAIN_MS = 5_000;
/** In these an agent has a job. */
const HELD = ['running', 'leased', 'paused', 'cancelling'] as const;
/** Of each state; one agent seldom has more. */
const SHOWN = 50;

export function RunningJobs({ agent }: { agent: string }) {
  const { api } = useSession();
  const load = useCallback(
    async (signal: AbortSignal) => {
      const pages = await Promise.all(
        HELD.map((state) => api.call(endpoints.jobs.list, { query: { agent, state, limit: SHOWN }, signal })),
      );
      return pages.flatMap(({ items }) => items);
    },
    [api, agent],
  );
  const { value, error, refresh } = useLoaded(load, AGAIN_MS);
  return (
    <section aria-labelledby="running-title">
      <h2 id="running-title">What it runs</h2>
      {error !== null && <Fault error={error} onRetry={refresh} />}
      {value?.length === 0 && <p className="empty">Nothing now.</p>}
      {value !== null && value.length > 0 && (
        <Table caption="Jobs that it has" columns={['Job', 'State', 'Attempt', 'For']}>
          {value.map((job) => (
            <Row key={job.id} job={job} />
          ))}
        </Table>
      )}
    </section>
  );
}

function Row({ job: { id, workflow, state, attempt, startedAt } }: { job: Job }) {
  return (
    <tr role="row">
      <td role="cell">
        <Link to={{ page: 'job', id }}>
          {workflow.namespace}/{workflow.name}
        </Link>{' '}
        <span className="faint" title={id}>
          {workflow.version} · {id.slice(-6)}
        </span>
      </td>
      <td role="cell" data-label="State">
        <StateBadge state={state} />
      </td>
      <td role="cell" data-label="Attempt">
        {attempt}
      </td>
      <td role="cell" data-label="For">
        {startedAt === null ? 'not yet' : <Took from={startedAt} to={null} />}
      </td>
    </tr>
  );
}
