/** The run as a whole: what it was given and gave back, its attempts, its workflow, its files, and what is not there. */
import type { RunRecord } from '@casare/shared/record';
import type { LogLine } from '@casare/shared/api';
import { ErrorText } from '../job/error-text.tsx';
import { Log } from '../job/log.tsx';
import { LINES } from '../job/run-record.ts';
import { useRunFiles } from '../record/run-files.tsx';
import { Fact, Facts } from '../ui/facts.tsx';
import { Json } from '../ui/json.tsx';
import { bytesWords, durationWords, exactWords } from '../words.ts';

/** Lines of what is missing that are shown; each step shows its own. */
const MISSING = 100;

export function RunOverview({ run, lines }: { run: RunRecord; lines: readonly LogLine[] }) {
  const { job, document, missing } = run;
  return (
    <>
      {job.error !== null && <ErrorText error={job.error} />}
      {job.review !== null && <p>A person was asked: {job.review.reason}</p>}
      <RunFacts run={run} />
      {missing.length > 0 && (
        <section aria-label="Not in this record">
          <h2>Not in this record</h2>
          <ul>
            {missing.slice(0, MISSING).map(({ what, why }, index) => (
              <li key={index}>
                <code>{what}</code> <span className="faint">{why}</span>
              </li>
            ))}
          </ul>
          {missing.length > MISSING && <p className="faint">{missing.length - MISSING} more: see run.json.</p>}
        </section>
      )}
      <div className="pair">
        <Value name="Input" value={job.input} />
        <Value name="Output" value={job.output} />
      </div>
      <Files run={run} />
      <Log lines={lines.slice(0, LINES)} />
      {document !== null && (
        <details>
          <summary>Workflow</summary>
          <Json value={document} />
        </details>
      )}
    </>
  );
}

function RunFacts({ run }: { run: RunRecord }) {
  const { job, attempts, counts, writtenAt, writtenBy } = run;
  const took =
    job.startedAt === null || job.endedAt === null ? null : Date.parse(job.endedAt) - Date.parse(job.startedAt);
  return (
    <Facts label="About this run">
      <Fact name="Job">
        <code>{job.id}</code>
      </Fact>
      <Fact name="Submitted">{exactWords(job.createdAt)}</Fact>
      <Fact name="Started">{job.startedAt === null ? 'not yet' : exactWords(job.startedAt)}</Fact>
      <Fact name="Ended">{job.endedAt === null ? 'not yet' : exactWords(job.endedAt)}</Fact>
      <Fact name="Took">{took === null ? '–' : durationWords(took)}</Fact>
      <Fact name="Agent">{job.agent?.name ?? '–'}</Fact>
      {attempts.map(({ attempt, agent, outcome }) => (
        <Fact key={attempt} name={`Attempt ${attempt}`}>
          {outcome?.replaceAll('_', ' ') ?? 'under way'} <span className="faint">{agent?.name}</span>
        </Fact>
      ))}
      <Fact name="This record">
        {counts.events} events, {counts.steps} steps, {counts.lines} log lines, {run.artifacts.length} files; written{' '}
        {exactWords(writtenAt)} by {writtenBy}
      </Fact>
    </Facts>
  );
}

function Files({ run: { artifacts } }: { run: RunRecord }) {
  const { href } = useRunFiles();
  const kept = artifacts.filter(({ kind, file }) => kind === 'output' && file !== null);
  if (kept.length === 0) return null;
  return (
    <section aria-label="Outputs">
      <h2>Outputs</h2>
      <ul className="files">
        {kept.map((file) => (
          <li key={file.id}>
            <a href={href(file)} download>
              {file.name}
            </a>
            <span className="faint">
              {bytesWords(file.bytes)} · attempt {file.attempt}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Value({ name, value }: { name: string; value: RunRecord['document'] }) {
  return (
    <section aria-label={name}>
      <h2>{name}</h2>
      {value === null ? <p className="empty">None.</p> : <Json value={value} />}
    </section>
  );
}
