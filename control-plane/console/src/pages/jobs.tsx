/** The list of jobs: what runs where, newest first, live. */
import { JobState, type Job } from '@casare/shared/api';
import { MOST } from '../jobs/job-list.ts';
import { useJobs } from '../jobs/use-jobs.ts';
import { LiveMark } from '../live/live-mark.tsx';
import { Link, navigate } from '../router.tsx';
import { useSession } from '../session.tsx';
import { Fault } from '../ui/fault.tsx';
import { Loading } from '../ui/loading.tsx';
import { StateBadge } from '../ui/state-badge.tsx';
import { Title } from '../ui/title.tsx';
import { Ago, Took } from '../ui/when.tsx';
import { STATE_WORDS } from '../words.ts';

export function JobsPage({ state }: { state: JobState | null }) {
  const { api } = useSession();
  const { list, error, live, loadingOlder, refresh, older } = useJobs(api, state);
  return (
    <>
      <div className="head">
        <Title>Jobs</Title>
        <LiveMark status={live} />
        <StateFilter state={state} />
      </div>
      {error !== null && <Fault error={error} onRetry={refresh} />}
      {list === null && error === null && <Loading what="Loading jobs" />}
      {list?.items.length === 0 && <NoJobs state={state} />}
      {list !== null && list.items.length > 0 && <JobTable jobs={list.items} />}
      {list?.cursor != null && (
        <button type="button" className="more" disabled={loadingOlder} onClick={older}>
          {loadingOlder ? 'Loading …' : 'Show older jobs'}
        </button>
      )}
      {list?.full && <p className="faint">The newest {MOST} are shown. Choose a state to see older ones.</p>}
    </>
  );
}

function StateFilter({ state }: { state: JobState | null }) {
  const choose = (value: string) => navigate({ page: 'jobs', state: JobState.safeParse(value).data ?? null });
  return (
    <label className="filter">
      State
      <select value={state ?? ''} onChange={(event) => choose(event.target.value)}>
        <option value="">All</option>
        {JobState.options.map((option) => (
          <option key={option} value={option}>
            {STATE_WORDS[option]}
          </option>
        ))}
      </select>
    </label>
  );
}

function NoJobs({ state }: { state: JobState | null }) {
  if (state !== null) return <p className="empty">No job is in the state “{STATE_WORDS[state]}”.</p>;
  return (
    <div className="empty">
      <p>No jobs yet. Submit one from a terminal:</p>
      <pre tabIndex={0}>npx casare run workflow.yaml --input key=value --watch</pre>
      <p>It appears here as soon as it is submitted. Programs submit by POST /api/v1/jobs.</p>
    </div>
  );
}

/** Roles are written out because the narrow layout takes the table apart, which would take them away. */
function JobTable({ jobs }: { jobs: readonly Job[] }) {
  return (
    <table role="table" className="jobs">
      <caption className="unseen">Jobs, newest first</caption>
      <thead role="rowgroup">
        <tr role="row">
          {['State', 'Workflow', 'Agent', 'Started', 'Duration', 'Artifacts'].map((name) => (
            <th key={name} role="columnheader" scope="col" className={name.toLowerCase()}>
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {jobs.map((job) => (
          <JobRow key={job.id} job={job} />
        ))}
      </tbody>
    </table>
  );
}

function JobRow({ job }: { job: Job }) {
  const { id, workflow, agent, startedAt, endedAt, createdAt } = job;
  return (
    <tr role="row">
      <td role="cell" className="state">
        <StateBadge state={job.state} />
      </td>
      <td role="cell" className="workflow">
        <Link to={{ page: 'job', id }}>
          {workflow.namespace}/{workflow.name}
        </Link>{' '}
        <span className="faint" title={id}>
          {workflow.version} · {id.slice(-6)}
        </span>
      </td>
      <td role="cell" className="agent" data-label="Agent">
        {agent?.name ?? <span className="faint">none yet</span>}
      </td>
      <td role="cell" className="started" data-label={startedAt ? 'Started' : undefined}>
        {startedAt === null ? (
          <span className="faint">
            submitted <Ago time={createdAt} />
          </span>
        ) : (
          <Ago time={startedAt} />
        )}
      </td>
      <td role="cell" className="duration" data-label="Duration">
        {startedAt === null ? <span className="faint">–</span> : <Took from={startedAt} to={endedAt} />}
      </td>
      <td role="cell" className="artifacts" data-label="Artifacts">
        {job.artifacts}
      </td>
    </tr>
  );
}
