/** One job: its state, what it was given and gave back, its steps as they run, its files and its log. */
import type { Job } from '@casare/shared/api';
import { Actions } from '../job/actions.tsx';
import { Artifacts } from '../job/artifacts.tsx';
import { Attempts } from '../job/attempts.tsx';
import { ErrorText } from '../job/error-text.tsx';
import { Log } from '../job/log.tsx';
import { Review } from '../job/review.tsx';
import { Steps } from '../job/steps.tsx';
import { useApiFiles } from '../job/api-files.ts';
import { useJob } from '../job/use-job.ts';
import { WhyPending } from '../job/why-pending.tsx';
import { LiveMark } from '../live/live-mark.tsx';
import { RunFilesProvider } from '../record/run-files.tsx';
import { HOME, Link } from '../router.tsx';
import { useSession } from '../session.tsx';
import { Fact, Facts } from '../ui/facts.tsx';
import { Fault } from '../ui/fault.tsx';
import { Json } from '../ui/json.tsx';
import { Loading } from '../ui/loading.tsx';
import { StateBadge } from '../ui/state-badge.tsx';
import { Title } from '../ui/title.tsx';
import { Ago, Took } from '../ui/when.tsx';

export function JobPage({ id }: { id: string }) {
  const { api } = useSession();
  const { job, steps, lines, artifacts, error, live, refresh, refreshSteps, show } = useJob(api, id);
  const files = useApiFiles(api);
  return (
    <RunFilesProvider value={files}>
      <nav aria-label="Where you are" className="trail">
        <Link to={HOME}>Jobs</Link> <span aria-hidden="true">/</span> <code>{id}</code>
      </nav>
      <div className="head">
        <Title>{job === null ? 'Job' : `${job.workflow.namespace}/${job.workflow.name}`}</Title>
        {job !== null && (
          <span role="status" className="now">
            <StateBadge state={job.state} />
          </span>
        )}
        <LiveMark status={live} />
        {job !== null && <Actions job={job} onChanged={show} />}
      </div>
      {error !== null && <Fault error={error} onRetry={refresh} />}
      {job === null && error === null && <Loading what="Loading the job" />}
      {job !== null && (
        <>
          {job.state === 'needs_review' && (
            <Review key={job.attempt} job={job} artifacts={artifacts} onChanged={show} />
          )}
          {job.error !== null && (
            <section className="failure" aria-labelledby="error-title">
              <h2 id="error-title">Error</h2>
              <ErrorText error={job.error} />
            </section>
          )}
          <JobFacts job={job} />
          {job.state === 'pending' && <WhyPending id={id} />}
          <Steps steps={steps} artifacts={artifacts} onMore={refreshSteps} />
          <div className="pair">
            <Value name="Input" value={job.input} />
            <Value name="Output" value={job.output} />
          </div>
          <Attempts job={job} />
          <Artifacts job={id} artifacts={artifacts} />
          <Log lines={lines} />
        </>
      )}
    </RunFilesProvider>
  );
}

function JobFacts({ job }: { job: Job }) {
  const { workflow, agent, attempt, generation, requirements, createdAt, startedAt, endedAt } = job;
  return (
    <Facts>
      <Fact name="Version">{workflow.version}</Fact>
      <Fact name="Agent">{agent?.name ?? <span className="faint">none yet</span>}</Fact>
      <Fact name="Attempt">
        {attempt === 0 ? <span className="faint">none yet</span> : attempt}
        {generation > 1 && <span className="faint"> (run again, generation {generation})</span>}
      </Fact>
      <Fact name="Submitted">
        <Ago time={createdAt} />
      </Fact>
      <Fact name="Started">
        {startedAt === null ? <span className="faint">not yet</span> : <Ago time={startedAt} />}
      </Fact>
      <Fact name="Duration">
        {startedAt === null ? <span className="faint">–</span> : <Took from={startedAt} to={endedAt} />}
      </Fact>
      <Fact name="Needs">
        {[`${requirements.slot} slot`, ...(requirements.site === null ? [] : [`site ${requirements.site}`])].join(', ')}{' '}
        {requirements.capabilities.map((label) => (
          <code key={label}>{label}</code>
        ))}
      </Fact>
    </Facts>
  );
}

function Value({ name, value }: { name: string; value: Job['output'] }) {
  const title = `${name.toLowerCase()}-title`;
  return (
    <section aria-labelledby={title}>
      <h2 id={title}>{name}</h2>
      {value === null ? <p className="empty">None.</p> : <Json value={value} />}
    </section>
  );
}
