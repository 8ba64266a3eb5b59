/** The steps as they ran, one inside the other, with durations; a failed one with its error and its screenshot. */
import type { Artifact, Step } from '@casare/shared/api';
import { memo } from 'react';
import { Json } from '../ui/json.tsx';
import { StateBadge } from '../ui/state-badge.tsx';
import { Took } from '../ui/when.tsx';
import { durationWords, exactWords } from '../words.ts';
import { ErrorText } from './error-text.tsx';
import { STEPS, stepTree, turnOf, type StepNode } from './run-record.ts';
import { Screenshot } from './screenshot.tsx';

export function Steps({ steps, artifacts }: { steps: readonly Step[]; artifacts: readonly Artifact[] }) {
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
          <StepList
            nodes={stepTree(its)}
            outer=""
            screenshots={artifacts.filter((file) => file.kind === 'screenshot' && file.attempt === attempt)}
          />
        </div>
      ))}
    </section>
  );
}

interface ListProps {
  readonly nodes: readonly StepNode[];
  /** Position of the step that these ran in. */
  readonly outer: string;
  readonly screenshots: readonly Artifact[];
}

function StepList({ nodes, outer, screenshots }: ListProps) {
  return (
    <ol className="steps">
      {nodes.map(({ step, inner }) => (
        <li key={step.seq} id={`step-${step.attempt}-${step.seq}`}>
          <StepRow
            step={step}
            outer={outer}
            innerFailed={inner.some((node) => node.step.state === 'failed')}
            screenshot={screenshots.find((file) => file.position === step.position)}
          />
          {inner.length > 0 && <StepList nodes={inner} outer={step.position} screenshots={screenshots} />}
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
  readonly screenshot: Artifact | undefined;
}

const StepRow = memo(function StepRow({ step, outer, innerFailed, screenshot }: RowProps) {
  const hasOutput = step.output !== null && step.call !== null;
  return (
    <div className="step">
      {hasOutput ? (
        <details>
          <summary className="line">
            <StepLine step={step} outer={outer} />
          </summary>
          <Json value={step.output} />
        </details>
      ) : (
        <div className="line">
          <StepLine step={step} outer={outer} />
        </div>
      )}
      {step.error !== null && !innerFailed && <ErrorText error={step.error} />}
      {screenshot !== undefined && <Screenshot artifact={screenshot} of={step.name} />}
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
