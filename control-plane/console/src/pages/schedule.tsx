/** One schedule: its next runs, what became of its times, and everything that can be done with it. Live. */
import type { Schedule } from '@casare/shared/api';
import { api as endpoints, type Tagged } from '@casare/shared/client';
import { useCallback, useState } from 'react';
import { useLive } from '../live/use-live.ts';
import { Link, navigate } from '../router.tsx';
import { EditSchedule } from '../schedules/edit-schedule.tsx';
import { Firings } from '../schedules/firings.tsx';
import { Runs } from '../schedules/runs.tsx';
import { OVERLAP_WORDS, OUTCOME_WORDS, catchUpWords } from '../schedules/schedule-words.ts';
import { useSession } from '../session.tsx';
import { Confirm } from '../ui/confirm.tsx';
import { Fact, Facts } from '../ui/facts.tsx';
import { Fault } from '../ui/fault.tsx';
import { Json } from '../ui/json.tsx';
import { Loading } from '../ui/loading.tsx';
import { Title } from '../ui/title.tsx';
import { useAct } from '../ui/use-act.ts';
import { useLoaded } from '../ui/use-loaded.ts';
import { Ago } from '../ui/when.tsx';

const AGAIN_MS = 60_000;

export function SchedulePage({ id }: { id: string }) {
  const { api, may } = useSession();
  const load = useCallback(
    (signal: AbortSignal) => api.tagged(endpoints.schedules.get, { params: { id }, signal }),
    [api, id],
  );
  const { value, error, refresh } = useLoaded(load, AGAIN_MS);
  useLive(api, null, {
    onOpen: refresh,
    onEvents: (events) => {
      if (events.some((event) => event.type === 'schedule.changed' && event.scheduleId === id)) refresh();
    },
  });
  // What was seen when editing began: the update is bound to it.
  const [edited, setEdited] = useState<Tagged<Schedule> | null>(null);
  const leaveForm = () => {
    setEdited(null);
    refresh();
    document.querySelector<HTMLElement>('h1')?.focus();
  };
  return (
    <>
      <p className="trail">
        <Link to={{ page: 'schedules' }}>Schedules</Link>
      </p>
      <div className="head">
        <Title>{value?.value.name ?? 'Schedule'}</Title>
      </div>
      {error !== null && <Fault error={error} onRetry={refresh} />}
      {value === null && error === null && <Loading what="Loading the schedule" />}
      {edited !== null && <EditSchedule seen={edited} onDone={leaveForm} />}
      {value !== null && edited === null && (
        <>
          {may('schedules:write') && <Actions {...value} onEdit={() => setEdited(value)} onChanged={refresh} />}
          <Known schedule={value.value} />
          <Firings schedule={id} zone={value.value.timeZone} newest={value.value.lastFiring?.id ?? null} />
        </>
      )}
    </>
  );
}

interface ActionsProps extends Tagged<Schedule> {
  readonly onEdit: () => void;
  readonly onChanged: () => void;
}

function Actions({ value: { id, name, enabled }, etag, onEdit, onChanged }: ActionsProps) {
  const { api } = useSession();
  const { error, done, act } = useAct();
  const trigger = () =>
    act(
      async () => {
        const { outcome, reason } = await api.call(endpoints.schedules.trigger, { params: { id } });
        onChanged();
        return outcome === 'submitted' ? 'A job is submitted.' : `${OUTCOME_WORDS[outcome]}: ${reason ?? 'no job'}`;
      },
      { stay: true },
    );
  const turn = (action: 'enable' | 'disable') =>
    act(
      async () => {
        await api.call(endpoints.schedules.act, { params: { id, action }, ifMatch: etag ?? undefined });
        onChanged();
        return `It is ${action}d.`;
      },
      { stay: true },
    );
  const remove = () =>
    act(async () => {
      await api.call(endpoints.schedules.remove, { params: { id }, ifMatch: etag ?? undefined });
      navigate({ page: 'schedules' });
      return '';
    });
  return (
    <>
      <div className="tools">
        <button type="button" className="main" onClick={() => void trigger()}>
          Trigger now
        </button>
        <button type="button" onClick={() => void turn(enabled ? 'disable' : 'enable')}>
          {enabled ? 'Disable' : 'Enable'}
        </button>
        <button type="button" onClick={onEdit}>
          Edit
        </button>
        <Confirm
          label="Delete"
          title={`Delete ${name}?`}
          keep="Keep it"
          confirm="Delete the schedule"

          onConfirmed={() => void remove()}
        >
          <p>Nothing is submitted by it any more, and what became of its times is gone. Its jobs stay.</p>
        </Confirm>
        <span role="status">{done}</span>
      </div>
      {error !== null && <Fault error={error} />}
    </>
  );
}

function Known({ schedule }: { schedule: Schedule }) {
  const { cron, timeZone, job, overlap, catchUp, enabled, nextRuns, updatedAt } = schedule;
  return (
    <>
      <Facts label="What is known" wide>
        <Fact name="State">{enabled ? 'Enabled' : <span className="closed">Disabled</span>}</Fact>
        <Fact name="When">
          <code>{cron}</code> <span className="detail">{timeZone}</span>
        </Fact>
        <Fact name="Workflow">{job.workflow}</Fact>
        <Fact name="Also needs">
          {[...(job.site === undefined ? [] : [`site ${job.site}`]), ...job.requires].join(', ') || 'nothing'}
        </Fact>
        <Fact name="While an earlier job is not over">{OVERLAP_WORDS[overlap].means}</Fact>
        <Fact name="Of missed times">{catchUpWords(catchUp)}</Fact>
        <Fact name="Changed">
          <Ago time={updatedAt} />
        </Fact>
        {job.input !== undefined && (
          <Fact name="Input">
            <Json value={job.input} />
          </Fact>
        )}
      </Facts>
      <section aria-labelledby="runs-title">
        <h2 id="runs-title">Next runs</h2>
        {nextRuns.length > 0 && <Runs times={nextRuns} zone={timeZone} />}
        {nextRuns.length === 0 && (
          <p className="empty">
            {enabled ? 'There is none: its time never comes again.' : 'There are none while it is disabled.'}
          </p>
        )}
      </section>
    </>
  );
}
