/** Editing a schedule. */
import type { Schedule, ScheduleRequest } from '@casare/shared/api';
import { api as endpoints, type Tagged } from '@casare/shared/client';
import { useSession } from '../session.tsx';
import { Conflict, useUpdate } from '../ui/use-update.tsx';
import { ScheduleForm } from './schedule-form.tsx';
import { changesBetween } from './schedule-words.ts';

interface EditScheduleProps {
  /** As it was when editing began. */
  readonly seen: Tagged<Schedule>;
  /** It is saved, or left as it is. */
  readonly onDone: () => void;
}

export function EditSchedule({ seen, onDone }: EditScheduleProps) {
  const { api } = useSession();
  const params = { id: seen.value.id };
  const update = useUpdate<Schedule, ScheduleRequest>(seen, {
    get: () => api.tagged(endpoints.schedules.get, { params }),
    put: (body, ifMatch) => api.call(endpoints.schedules.update, { params, body, ifMatch }),
    onSaved: onDone,
  });
  return (
    <section aria-label="Edit the schedule">
      <Conflict
        what="schedule"
        update={update}
        changes={(before, now) => changesBetween(termsOf(before), termsOf(now))}
      />
      <ScheduleForm
        key={update.base.etag}
        before={termsOf(update.base.value)}
        label="Save"
        onSend={update.send}
        onCancel={onDone}
      />
    </section>
  );
}

function termsOf({ name, cron, timeZone, job, overlap, catchUp, enabled }: Schedule): ScheduleRequest {
  return { name, cron, timeZone, job, overlap, catchUp, enabled };
}
