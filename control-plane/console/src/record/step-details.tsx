/** All that is known of one step: when, with what, on which element of which page, what came back, and what was kept of it. */
import type { Step } from '@casare/shared/api';
import { ErrorText } from '../job/error-text.tsx';
import { Fact, Facts } from '../ui/facts.tsx';
import { Json } from '../ui/json.tsx';
import { bytesWords, durationWords, EFFECT_WORDS, exactWords } from '../words.ts';
import { evidenceOf, failureOf, titleOf, type EvidenceFile, type Gap } from './evidence.ts';
import { Picture } from './picture.tsx';
import { useRunFiles } from './run-files.tsx';
import { Target } from './target.tsx';
import { TextFile } from './text-file.tsx';

interface DetailsProps {
  readonly step: Step;
  readonly files: readonly EvidenceFile[];
  /** Its error and the picture of its failure, where they are not shown already. */
  readonly withFailure?: boolean;
  /** What is known to be missing of it, where more is known than its files tell. */
  readonly missing?: readonly Gap[];
}

export function StepDetails({ step, files, withFailure = true, missing }: DetailsProps) {
  const { before, after, pictures, texts, others, lost } = evidenceOf(step, files);
  const gaps = missing ?? lost;
  const shown = withFailure ? undefined : failureOf(step, files);
  const { seen } = step;
  return (
    <div className="details">
      {withFailure && step.error !== null && <ErrorText error={step.error} />}
      <StepFacts step={step} />
      {(before !== undefined || after !== undefined) && (
        <div className="pair">
          {before && <Picture file={before} of={step.name} alt={`The screen before “${step.name}”`} />}
          {after && <Picture file={after} of={step.name} alt={`The screen after “${step.name}”`} />}
        </div>
      )}
      {pictures
        .filter((file) => file !== shown)
        .map((file) => (
          <Picture key={file.id} file={file} of={step.name} alt={`The screen when “${step.name}” ${endOf(step)}`} />
        ))}
      {gaps.length > 0 && <Gaps gaps={gaps} />}
      {seen?.target && <Target target={seen.target} />}
      <div className="pair">
        {step.input !== undefined && <Value name="Input" value={step.input} />}
        {step.output !== null && <Value name="Output" value={step.output} />}
      </div>
      {texts.map((file) => (
        <TextFile key={file.id} file={file} />
      ))}
      {others.length > 0 && <OtherFiles files={others} />}
    </div>
  );
}

/** What was to be kept of the step and is not there: nothing would look as if nobody had asked for it. */
function Gaps({ gaps }: { gaps: readonly Gap[] }) {
  return (
    <section aria-label="Not kept" className="gaps">
      <h4>Not kept</h4>
      <ul>
        {gaps.map(({ what, why }, index) => (
          <li key={index}>
            <code>{what.split('/').at(-1)}</code> {why}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** How a picture of a step's end is told. */
function endOf({ state }: Step): string {
  return state === 'failed' ? 'failed' : 'ended';
}

function StepFacts({ step }: { step: Step }) {
  const { startedAt, endedAt, durationMs, effect, attempt, position, call, task, seen } = step;
  return (
    <Facts label="About this step">
      <Fact name="Started">{exactWords(startedAt)}</Fact>
      <Fact name="Ended">{endedAt === null ? <span className="faint">not on record</span> : exactWords(endedAt)}</Fact>
      <Fact name="Took">{durationMs === null ? <span className="faint">–</span> : durationWords(durationMs)}</Fact>
      <Fact name="Effect">{EFFECT_WORDS[effect]}</Fact>
      <Fact name="Attempt">{attempt}</Fact>
      {seen?.page && (
        <Fact name="Page">
          {seen.page.title} <code>{seen.page.url}</code>
        </Fact>
      )}
      {seen?.window && (
        <Fact name="Window">
          {seen.window.title} <span className="faint">{seen.window.application}</span>
        </Fact>
      )}
      <Fact name="Position">
        <code>{call ?? task}</code> <code>{position}</code>
      </Fact>
    </Facts>
  );
}

function Value({ name, value }: { name: string; value: Step['output'] }) {
  return (
    <section aria-label={name}>
      <h4>{name}</h4>
      <Json value={value} />
    </section>
  );
}

function OtherFiles({ files }: { files: readonly EvidenceFile[] }) {
  const { href } = useRunFiles();
  return (
    <section aria-label="Files">
      <h4>Files</h4>
      <ul className="files">
        {files.map((file) => (
          <li key={file.id}>
            {file.missing == null ? (
              <a href={href(file)} download>
                {file.name}
              </a>
            ) : (
              <span>{file.name}</span>
            )}
            <span className="faint">
              {titleOf(file) === file.name ? file.kind : titleOf(file)} · {bytesWords(file.bytes)}
              {file.missing != null && ` · ${file.missing}`}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
