/** A job that waits for a person: why, and the person's decision with its reason (kept in the audit log). */
import { ReviewRequest, type Artifact, type Job } from '@casare/shared/api';
import { api as endpoints } from '@casare/shared/client';
import { useState, type SyntheticEvent } from 'react';
import { useSession } from '../session.tsx';
import { Fault } from '../ui/fault.tsx';
import { Evidence } from './evidence.tsx';

type Decision = ReviewRequest['decision'];

const DECISIONS: readonly { readonly value: Decision; readonly name: string; readonly means: string }[] = [
  {
    value: 'continue',
    name: 'Continue',
    means: 'A new attempt goes on from what is recorded, once the old one can do nothing more.',
  },
  { value: 'retry', name: 'Start again', means: 'The job runs from its beginning; every step is done once more.' },
  { value: 'succeed', name: 'Mark as succeeded', means: 'You checked: the work is done.' },
  { value: 'fail', name: 'Mark as failed', means: 'The job ends here.' },
];

interface ReviewProps {
  readonly job: Job;
  readonly artifacts: readonly Artifact[];
  readonly onChanged: (job: Job) => void;
}

export function Review({ job, artifacts, onChanged }: ReviewProps) {
  const { api } = useSession();
  const [decision, setDecision] = useState<Decision | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const submit = async (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    setBusy(true);
    setError(null);
    try {
      const body = requestOf(fields);
      onChanged(await api.call(endpoints.jobs.review, { params: { id: job.id }, body }));
      document.querySelector<HTMLElement>('h1')?.focus();
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  return (
    <section className="card review" aria-labelledby="review-title">
      <h2 id="review-title">This job waits for you</h2>
      <p>{job.review?.reason ?? 'The control plane cannot tell whether its last step acted.'}</p>
      {job.review?.position != null && (
        <p className="faint">
          At <code>{job.review.position}</code>. Check in the target system whether this was done before you decide.
        </p>
      )}
      {job.review?.evidence && <Evidence evidence={job.review.evidence} artifacts={artifacts} />}
      <form onSubmit={(event) => void submit(event)}>
        <fieldset>
          <legend>Decision</legend>
          {DECISIONS.map(({ value, name, means }) => (
            <label key={value} className="option">
              <input type="radio" name="decision" value={value} required onChange={() => setDecision(value)} />
              <span>
                {name} <span className="faint">{means}</span>
              </span>
            </label>
          ))}
        </fieldset>
        {decision === 'succeed' && (
          <label>
            Output (JSON, may be empty)
            <textarea name="output" rows={4} className="code" spellCheck={false} />
          </label>
        )}
        <label>
          Reason
          <textarea name="reason" rows={2} required maxLength={2_000} />
        </label>
        {error !== null && <Fault error={error} />}
        <button type="submit" className="main" disabled={busy}>
          {busy ? 'Saving …' : 'Save the decision'}
        </button>
      </form>
    </section>
  );
}

/** @throws Error in words, when a field does not hold what it should. */
function requestOf(fields: FormData): ReviewRequest {
  const output = fields.get('output');
  const parsed = ReviewRequest.safeParse({
    decision: fields.get('decision'),
    reason: fields.get('reason'),
    ...(typeof output === 'string' && output.trim() !== '' ? { output: jsonOf(output) } : {}),
  });
  if (!parsed.success) throw new Error('Choose a decision and give a reason of at most 2,000 characters.');
  return parsed.data;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new Error(`The output is not JSON: ${error instanceof Error ? error.message : 'it cannot be read'}.`);
  }
}
