/** The schedules of the tenant: when each comes next, and what became of its last time. Live. */
import type { Schedule } from '@casare/shared/api';
import { api as endpoints } from '@casare/shared/client';
import { useCallback, useState } from 'react';
import { LiveMark } from '../live/live-mark.tsx';
import { useLive } from '../live/use-live.ts';
import { Link } from '../router.tsx';
import { Outcome } from '../schedules/firings.tsx';
import { useSession } from '../session.tsx';
import { Fault } from '../ui/fault.tsx';
import { Loading } from '../ui/loading.tsx';
import { SearchField, useSearch } from '../ui/search.tsx';
import { Table } from '../ui/table.tsx';
import { Title } from '../ui/title.tsx';
import { Pager, usePages, type PageAsk } from '../ui/use-pages.tsx';
import { Ago, Until, Wall } from '../ui/when.tsx';

const AGAIN_MS = 60_000;
type Sort = '-createdAt' | 'createdAt';

export function SchedulesPage() {
  const { api, may } = useSession();
  const search = useSearch();
  const { q } = search;
  const [sort, setSort] = useState<Sort>('-createdAt');
  const load = useCallback(
    (ask: PageAsk, signal: AbortSignal) =>
      api.call(endpoints.schedules.list, { query: { ...ask, sort, ...(q !== '' && { q }) }, signal }),
    [api, q, sort],
  );
  const { value, error, refresh, pager } = usePages(load, AGAIN_MS);
  const live = useLive(api, null, {
    onOpen: refresh,
    onEvents: (events) => {
      if (events.some(({ type }) => type === 'schedule.changed' || type === 'stream.reset')) refresh();
    },
  });
  const turn = (order: string) => {
    setSort(order as Sort);
    pager.onTurn(null);
  };
  return (
    <>
      <div className="head">
        <Title>Schedules</Title>
        <LiveMark status={live} />
        <SearchField label="Name contains" search={search} pager={pager} />
        <label>
          Order{' '}
          <select value={sort} onChange={({ target }) => turn(target.value)}>
            <option value="-createdAt">Newest first</option>
            <option value="createdAt">Oldest first</option>
          </select>
        </label>
        {may('schedules:write') && (
          <Link to={{ page: 'new-schedule' }} className="button">
            New schedule
          </Link>
        )}
      </div>
      <p className="faint">A schedule submits a job whenever the clocks of its time zone show its time.</p>
      {error !== null && <Fault error={error} onRetry={refresh} />}
      {value === null && error === null && <Loading what="Loading schedules" />}
      {value?.items.length === 0 && <None q={q} />}
      {value !== null && value.items.length > 0 && (
        <Table caption="Schedules" columns={['Name', 'When', 'Next run', 'Last time']}>
          {value.items.map((schedule) => (
            <Row key={schedule.id} schedule={schedule} />
          ))}
        </Table>
      )}
      <Pager {...pager} />
    </>
  );
}

function None({ q }: { q: string }) {
  const { may } = useSession();
  if (q !== '') return <p className="empty">No schedule has “{q}” in its name.</p>;
  return (
    <div className="empty">
      <p>No schedules yet. With one, a job runs every morning without anybody submitting it.</p>
      {may('schedules:write') ? (
        <p>
          <Link to={{ page: 'new-schedule' }}>Make the first one</Link>, or from a terminal:{' '}
          <code>casare schedules create</code>
        </p>
      ) : (
        <p>Owners, admins, operators and developers make them.</p>
      )}
    </div>
  );
}

function Row({ schedule }: { schedule: Schedule }) {
  const { id, name, cron, timeZone, job, enabled, nextRuns, lastFiring } = schedule;
  const [next] = nextRuns;
  return (
    <tr role="row">
      <td role="cell">
        <Link to={{ page: 'schedule', id }}>{name}</Link> <span className="detail">{job.workflow}</span>
      </td>
      <td role="cell" data-label="When">
        <code>{cron}</code> <span className="detail">{timeZone}</span>
      </td>
      <td role="cell" data-label="Next run">
        {!enabled && <span className="closed">Disabled</span>}
        {enabled && next === undefined && <span className="faint">never again</span>}
        {next !== undefined && (
          <>
            <Until time={next} />{' '}
            <span className="detail">
              <Wall time={next} zone={timeZone} />
            </span>
          </>
        )}
      </td>
      <td role="cell" data-label="Last time">
        {lastFiring === null ? (
          <span className="faint">none yet</span>
        ) : (
          <>
            <Outcome firing={lastFiring} />{' '}
            {lastFiring.jobId !== null && <Link to={{ page: 'job', id: lastFiring.jobId }}>Its job</Link>}{' '}
            <span className="detail">
              <Ago time={lastFiring.firedAt} />
            </span>
          </>
        )}
      </td>
    </tr>
  );
}
