/** What can be done with a job in its state. Cancelling asks once more: it cannot be taken back. A pause can. */
import type { Job, JobState } from '@casare/shared/api';
import { api as endpoints } from '@casare/shared/client';
import { useRef, useState } from 'react';
import { useSession } from '../session.tsx';
import { Fault } from '../ui/fault.tsx';

const CANCELLABLE: readonly JobState[] = ['pending', 'leased', 'running', 'paused'];
/** A run that is to stand still says so after the step under way. */
const PAUSABLE: readonly JobState[] = ['pending', 'leased', 'running'];
const REPEATABLE: readonly JobState[] = ['failed', 'timed_out', 'cancelled'];

export function Actions({ job, onChanged }: { job: Job; onChanged: (job: Job) => void }) {
  const { api } = useSession();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const dialog = useRef<HTMLDialogElement>(null);
  const act = async (action: (typeof endpoints.jobs)['cancel' | 'pause' | 'resume' | 'retry']) => {
    dialog.current?.close();
    setBusy(true);
    setError(null);
    try {
      onChanged(await api.call(action, { params: { id: job.id } }));
      // The button that had the focus goes away.
      document.querySelector<HTMLElement>('h1')?.focus();
    } catch (failure) {
      setError(failure);
    }
    setBusy(false);
  };
  return (
    <div className="actions">
      {CANCELLABLE.includes(job.state) && (
        <button type="button" disabled={busy} onClick={() => dialog.current?.showModal()}>
          Cancel job
        </button>
      )}
      {PAUSABLE.includes(job.state) && job.pausing !== true && (
        <button type="button" disabled={busy} onClick={() => void act(endpoints.jobs.pause)}>
          Pause
        </button>
      )}
      {(job.state === 'paused' || job.pausing === true) && (
        <button type="button" className="main" disabled={busy} onClick={() => void act(endpoints.jobs.resume)}>
          Resume
        </button>
      )}
      {job.pausing === true && <p role="status">Pausing: the step under way ends first.</p>}
      {REPEATABLE.includes(job.state) && (
        <button type="button" className="main" disabled={busy} onClick={() => void act(endpoints.jobs.retry)}>
          Run again
        </button>
      )}
      {error !== null && <Fault error={error} />}
      <dialog ref={dialog} aria-labelledby="cancel-title">
        <h2 id="cancel-title">Cancel this job?</h2>
        <p>A step that is running is asked to stop, and stopped after ten seconds. What it did stays done.</p>
        <div className="choice">
          <button type="button" onClick={() => dialog.current?.close()}>
            Keep it
          </button>
          <button type="button" className="danger" onClick={() => void act(endpoints.jobs.cancel)}>
            Cancel the job
          </button>
        </div>
      </dialog>
    </div>
  );
}
