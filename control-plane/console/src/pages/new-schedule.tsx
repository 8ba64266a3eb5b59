/** A new schedule. */
import { api as endpoints } from '@casare/shared/client';
import { navigate } from '../router.tsx';
import { ScheduleForm } from '../schedules/schedule-form.tsx';
import { useSession } from '../session.tsx';
import { Title } from '../ui/title.tsx';

export function NewSchedulePage() {
  const { api } = useSession();
  return (
    <>
      <div className="head">
        <Title>New schedule</Title>
      </div>
      <ScheduleForm
        before={null}
        label="Make the schedule"
        onSend={async (body) => {
          const { id } = await api.call(endpoints.schedules.create, { body });
          navigate({ page: 'schedule', id });
        }}
        onCancel={() => navigate({ page: 'schedules' })}
      />
    </>
  );
}
