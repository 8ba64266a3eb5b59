/** Tells consoles and scripts that a job changed; always inside the transaction that changed it. */
import type { JobState } from '@casare/shared/api';
import { appendLive } from '../live/index.ts';
import type { Queryable } from '../platform/database/index.ts';

/** A job's new state. */
export interface JobChange {
  readonly tenant: string;
  readonly jobId: string;
  readonly state: JobState;
  readonly attempt: number;
}

/** Appends `job.changed` events. */
export async function announceJobs(tx: Queryable, changes: readonly JobChange[], at: Date): Promise<void> {
  await appendLive(
    tx,
    changes.map(({ tenant, ...change }) => ({
      tenant,
      event: { type: 'job.changed', at: at.toISOString(), ...change },
    })),
  );
}
