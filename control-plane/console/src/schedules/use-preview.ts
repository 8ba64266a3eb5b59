/** The next times of what is typed, asked for a moment after the last key. */
import { ScheduleRequest } from '@casare/shared/api';
import { api as endpoints } from '@casare/shared/client';
import { useEffect, useState } from 'react';
import { useSession } from '../session.tsx';
import { faultsOf, NO_FAULTS, type FormFaults } from '../ui/form-faults.ts';
import { useSettled } from '../ui/use-settled.ts';
import { CODES } from './schedule-request.ts';

const Times = ScheduleRequest.pick({ cron: true, timeZone: true });
const NAMES = new Set(['cron', 'timeZone']);

export interface Preview {
  readonly times: readonly string[];
  /** The zone that they were asked for. */
  readonly zone: string;
  readonly faults: FormFaults;
}

export function usePreview(typedCron: string, typedZone: string): Preview {
  const { api } = useSession();
  const cron = useSettled(typedCron);
  const timeZone = useSettled(typedZone);
  const [preview, setPreview] = useState<Preview>({ times: [], zone: timeZone, faults: NO_FAULTS });
  useEffect(() => {
    const stop = new AbortController();
    const show = async () => {
      if (cron.trim() === '') return { times: [], faults: NO_FAULTS };
      try {
        const body = Times.parse({ cron, timeZone });
        const { nextRuns } = await api.call(endpoints.schedules.preview, { body, signal: stop.signal });
        return { times: nextRuns, faults: NO_FAULTS };
      } catch (error) {
        return { times: [], faults: faultsOf(error, NAMES, CODES) };
      }
    };
    void show().then((shown) => {
      if (!stop.signal.aborted) setPreview({ ...shown, zone: timeZone });
    });
    return () => stop.abort();
  }, [api, cron, timeZone]);
  return preview;
}
