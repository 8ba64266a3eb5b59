/** The steps as they ran, one inside the other, with durations; a failed one with its error and its screenshot, all with what is known. */
import type { Artifact, Step } from '@casare/shared/api';
import { memo, useEffect, useState } from 'react';
import { failureOf } from '../record/evidence.ts';
import { Picture } from '../record/picture.tsx';
import { StepDetails } from '../record/step-details.tsx';
import { StateBadge } from '../ui/state-badge.tsx';
import { Took } from '../ui/when.tsx';
import { durationWords, exactWords } from '../words.ts';
import { ErrorText } from './error-text.tsx';
import { STEPS, stepTree, turnOf, type StepNode } from './run-record.ts';

interface StepsProps {
  readonly steps: readonly Step[];
  readonly artifacts: readonly Artifact[];
  /** Loads the steps again: live events leave out what a step was called with and what it saw. */
  readonly onMore: () => void;
}

export function Steps({ steps, artifacts, onMore }: StepsProps) {
  const attempts = [...Map.groupBy(steps, ({ attempt }) => attempt)];
  return (
    <section aria-labelledby="steps-title">
      <h2 id="steps-title">Steps</h2>
      {steps.length === 0 && <p className="empty">No step has run yet.</p>}
      {steps.length >= STEPS && (
        <p className="faint">At most {STEPS.toLocaleString('en')} steps are shown here. The API has all of them.</p>
      )}
      {attempts.map(([attempt, its]) => (
        <div key={attempt}>
          {attempts.length > 1 && <h3>Attempt {attempt}</h3>}
          <StepList nodes={stepTree(its)} outer="" files={artifacts} onMore={onMore} />
        </div>
      ))}
    </section>
  );
}

interface ListProps {
  readonly nodes: readonly StepNode[];
  /** Position of the step that these ran in. */
  readonly outer: string;
  readonly files: readonly Artifact[];
  readonly onMore: () => void;
}

function StepList({ nodes, outer, files, onMore }: ListProps) {
  return (
    <ol className="steps">
      {nodes.map(({ step, inner }) => (
        <li key={step.seq} id={`step-${step.attempt}-${step.seq}`}>
          <StepRow
            step={step}
            outer={outer}
            innerFailed={inner.some((node) => node.step.state === 'failed')}
            files={files}
            onMore={onMore}
          />
          {inner.length > 0 && <StepList nodes={inner} outer={step.position} files={files} onMore={onMore} />}
        </li>
      ))}
    </ol>
  );
}

interface RowProps {
  readonly step: Step;
  readonly outer: string;
  /** A step inside of it says why it failed. */
  readonly innerFailed: boolean;
  readonly files: readonly Artifact[];
  readonly onMore: () => void;
}

const StepRow = memo(function StepRow({ step, outer, innerFailed, files, onMore }: RowProps) {
  const [open, setOpen] = useState(false);
  const failure = failureOf(step, files);
  const lacks = step.call !== null && (step.input === undefined || (step.endedAt !== null && step.seen === undefined));
  useEffect(() => {
    if (open && lacks) onMore();
    // Asked once when it is opened and once when it has ended: there may be no more.
  }, [open, lacks, step.endedAt, onMore]);
  return (
    <div className="step">
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary className="line">
          <StepLine step={step} outer={outer} />
        </summary>
        {open && <StepDetails step={step} files={files} withFailure={false} />}
      </details>
      {step.error !== null && !innerFailed && <ErrorText error={step.error} />}
      {failure && <Picture file={failure} of={step.name} alt={`The screen when “${step.name}” failed`} />}
    </div>
  );
});

function StepLine({ step, outer }: { step: Step; outer: string }) {
  const turn = turnOf(step.position, outer);
  return (
    <>
      <StateBadge state={step.state} />
      <span className="name">
        {step.name}
        {turn?.kind === 'turn' && <span className="turn">#{turn.n}</span>}
        {turn?.kind === 'try' && turn.n > 1 && <span className="turn">try {turn.n}</span>}
      </span>
      <code className="call">{step.call ?? step.task}</code>
      <span className="took" title={`Started ${exactWords(step.startedAt)}`}>
        {step.state !== 'skipped' && <StepTime step={step} />}
      </span>
    </>
  );
}

function StepTime({ step }: { step: Step }) {
  if (step.durationMs !== null) return <>{durationWords(step.durationMs)}</>;
  return <Took from={step.startedAt} to={step.endedAt} />;
}
