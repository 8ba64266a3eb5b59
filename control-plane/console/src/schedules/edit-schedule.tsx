/** Editing a schedule; who comes after somebody else is told, and chooses (ADR 0050). */
import { ScheduleRequest, type Schedule } from '@casare/shared/api';
import { api as endpoints, ApiError, type Tagged } from '@casare/shared/client';
import { useState } from 'react';
import { useSession } from '../session.tsx';
import { useAct } from '../ui/use-act.ts';
import { Fault } from '../ui/fault.tsx';
import { ScheduleForm } from './schedule-form.tsx';
import { changesBetween } from './schedule-words.ts';

interface EditScheduleProps {
  /** As it was when editing began. */
  readonly seen: Tagged<Schedule>;
  /** It is saved, or left as it is. */
  readonly onDone: () => void;
}

interface Conflict {
  readonly mine: ScheduleRequest;
  readonly now: Tagged<Schedule>;
}

export function EditSchedule({ seen, onDone }: EditScheduleProps) {
  const { api } = useSession();
  const [base, setBase] = useState(seen);
  const [conflict, setConflict] = useState<Conflict | null>(null);
  const { error, act } = useAct();
  const { id } = seen.value;
  const send = async (body: ScheduleRequest, etag: string | null) => {
    try {
      await api.call(endpoints.schedules.update, { params: { id }, body, ifMatch: etag ?? undefined });
      onDone();
    } catch (failure) {
      if (!isStale(failure)) throw failure;
      setConflict({ mine: body, now: await api.tagged(endpoints.schedules.get, { params: { id } }) });
    }
  };
  const takeTheirs = (now: Tagged<Schedule>) => {
    setBase(now);
    setConflict(null);
  };
  return (
    <section aria-label="Edit the schedule">
      {error !== null && <Fault error={error} />}
      {conflict !== null && (
        <div className="fault" role="alert">
          <p>
            Somebody else changed this schedule after you opened it ({changes(base.value, conflict.now.value)}). Nothing
            of yours was saved. <code>PRECONDITION_FAILED</code>
          </p>
          <div className="tools">
            <button type="button" onClick={() => takeTheirs(conflict.now)}>
              Start again from theirs
            </button>
            <button
              type="button"
              className="danger"

              onClick={() => void act(() => send(conflict.mine, conflict.now.etag).then(() => ''))}
            >
              Save mine over it
            </button>
          </div>
        </div>
      )}
      <ScheduleForm
        key={base.etag}
        before={termsOf(base.value)}
        label="Save"
        onSend={(body) => send(body, base.etag)}
        onCancel={onDone}
      />
    </section>
  );
}

function isStale(error: unknown): boolean {
  return error instanceof ApiError && error.problem.code === 'PRECONDITION_FAILED';
}

function changes(before: Schedule, now: Schedule): string {
  return changesBetween(termsOf(before), termsOf(now)).join(', ') || 'and back again';
}

function termsOf({ name, cron, timeZone, job, overlap, catchUp, enabled }: Schedule): ScheduleRequest {
  return { name, cron, timeZone, job, overlap, catchUp, enabled };
}
