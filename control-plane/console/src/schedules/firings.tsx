/** What became of a schedule's times, newest first. */
import type { Firing } from '@casare/shared/api';
import { api as endpoints } from '@casare/shared/client';
import { useCallback } from 'react';
import { Link } from '../router.tsx';
import { useSession } from '../session.tsx';
import { Fault } from '../ui/fault.tsx';
import { Loading } from '../ui/loading.tsx';
import { Table } from '../ui/table.tsx';
import { Pager, usePages, type PageAsk } from '../ui/use-pages.tsx';
import { Ago, Wall } from '../ui/when.tsx';
import { OUTCOME_WORDS } from './schedule-words.ts';

const SHOWN = 20;

interface FiringsProps {
  readonly schedule: string;
  readonly zone: string;
  /** Of the newest; a new one is loaded when it changes. */
  readonly newest: string | null;
}

export function Firings({ schedule, zone, newest }: FiringsProps) {
  const { api } = useSession();
  const load = useCallback(
    (query: PageAsk, signal: AbortSignal) => {
      void newest;
      return api.call(endpoints.schedules.firings, { params: { id: schedule }, query, signal });
    },
    [api, schedule, newest],
  );
  const { value, error, refresh, pager } = usePages(load, undefined, SHOWN);
  return (
    <section aria-labelledby="firings-title">
      <h2 id="firings-title">What became of its times</h2>
      {error !== null && <Fault error={error} onRetry={refresh} />}
      {value === null && error === null && <Loading what="Loading its times" />}
      {value?.items.length === 0 && <p className="empty">Nothing yet: none of its times has come.</p>}
      {value !== null && value.items.length > 0 && (
        <Table caption="What became of its times, newest first" columns={['Due', 'Outcome', 'Job', 'Cause']}>
          {value.items.map((firing) => (
            <FiringRow key={firing.id} firing={firing} zone={zone} />
          ))}
        </Table>
      )}
      <Pager {...pager} />
    </section>
  );
}

function FiringRow({ firing, zone }: { firing: Firing; zone: string }) {
  const { dueAt, untilAt, cause, jobId } = firing;
  return (
    <tr role="row">
      <td role="cell">
        <Wall time={dueAt} zone={zone} />
        {untilAt !== null && (
          <>
            {' to '}
            <Wall time={untilAt} zone={zone} />
          </>
        )}{' '}
        <span className="detail">
          <Ago time={firing.firedAt} />
        </span>
      </td>
      <td role="cell" data-label="Outcome">
        <Outcome firing={firing} />
      </td>
      <td role="cell" data-label="Job">
        {jobId === null ? (
          <span className="faint">none</span>
        ) : (
          <Link to={{ page: 'job', id: jobId }}>{`Job ${jobId.slice(-6)}`}</Link>
        )}
      </td>
      <td role="cell" data-label="Cause">
        {cause === 'time' ? 'The clock' : 'A person'}
      </td>
    </tr>
  );
}

/** In a word, and why there is no job. */
export function Outcome({ firing }: { firing: Firing }) {
  const { outcome, reason, code } = firing;
  return (
    <>
      <span className="badge" data-outcome={outcome}>
        {OUTCOME_WORDS[outcome]}
      </span>{' '}
      {reason !== null && (
        <span className="detail">
          {reason} {code !== null && <code>{code}</code>}
        </span>
      )}
    </>
  );
}
