/** One agent: how it stands, what it can do, what it runs, and what can be done with it. */
import type { Agent } from '@casare/shared/api';
import { api as endpoints } from '@casare/shared/client';
import { useCallback } from 'react';
import { AgentActions } from '../agents/agent-actions.tsx';
import { AgentBadge, Presence } from '../agents/agent-state.tsx';
import { AGENT_STATES, slotsWords } from '../agents/agent-words.ts';
import { Certificates } from '../agents/certificates.tsx';
import { ChangeAgent } from '../agents/change-agent.tsx';
import { RunningJobs } from '../agents/running-jobs.tsx';
import { useLive } from '../live/use-live.ts';
import { Link } from '../router.tsx';
import { useSession } from '../session.tsx';
import { Fact, Facts } from '../ui/facts.tsx';
import { Fault } from '../ui/fault.tsx';
import { Loading } from '../ui/loading.tsx';
import { Title } from '../ui/title.tsx';
import { useLoaded } from '../ui/use-loaded.ts';
import { Ago, Until } from '../ui/when.tsx';

const AGAIN_MS = 10_000;

export function AgentPage({ id }: { id: string }) {
  const { api, may } = useSession();
  const load = useCallback(
    (signal: AbortSignal) => api.tagged(endpoints.agents.get, { params: { id }, signal }),
    [api, id],
  );
  const { value: seen, error, refresh } = useLoaded(load, AGAIN_MS);
  useLive(api, null, {
    onOpen: refresh,
    onEvents: (events) => {
      if (events.some((event) => event.type === 'agent.changed' && event.agentId === id)) refresh();
    },
  });
  const agent = seen?.value ?? null;
  return (
    <>
      <p className="trail">
        <Link to={{ page: 'agents', state: null }}>Agents</Link>
      </p>
      <div className="head">
        <Title>{agent?.name ?? 'Agent'}</Title>
      </div>
      {error !== null && <Fault error={error} onRetry={refresh} />}
      {seen === null && error === null && <Loading what="Loading the agent" />}
      {seen !== null && agent !== null && (
        <>
          {may('agents:write') && <AgentActions seen={seen} onChanged={refresh} />}
          <Known agent={agent} />
          {may('agents:write') && agent.state !== 'decommissioned' && <ChangeAgent seen={seen} onSaved={refresh} />}
          <RunningJobs agent={id} />
          <Labels agent={agent} />
          {may('trust:read') && <Certificates agent={id} />}
        </>
      )}
    </>
  );
}

function Known({ agent }: { agent: Agent }) {
  const { id, state, site, grants, facts, certificate, ephemeral, createdAt, drainedAt } = agent;
  return (
    <Facts label="What is known" wide>
      <Fact name="State">
        <AgentBadge agent={agent} />{' '}
        <span className="detail">
          {AGENT_STATES[state].means}{' '}
          {drainedAt !== null && (
            <>
              It is empty since <Ago time={drainedAt} />.
            </>
          )}
        </span>
      </Fact>
      <Fact name="Presence">
        <Presence agent={agent} />
      </Fact>
      <Fact name="Site">{site ?? 'none'}</Fact>
      <Fact name="Grants">{grants.length === 0 ? 'none' : grants.join(', ')}</Fact>
      <Fact name="Slots in use">{slotsWords(agent)}</Fact>
      <Fact name="Machine">
        {facts === null ? 'it has not said' : `${facts.hostname}, ${facts.os} ${facts.arch}`}{' '}
        <span className="detail">{facts !== null && `agent ${facts.agentVersion}, Node ${facts.nodeVersion}`}</span>
      </Fact>
      <Fact name="Certificate">
        {certificate === null ? (
          'none'
        ) : (
          <>
            ends <Until time={certificate.notAfter} /> <span className="detail">{certificate.serial}</span>
          </>
        )}
      </Fact>
      <Fact name="Enrolled">
        <Ago time={createdAt} /> {ephemeral && <span className="detail">It vanishes after use.</span>}
      </Fact>
      <Fact name="Id">
        <code>{id}</code>
      </Fact>
    </Facts>
  );
}

function Labels({ agent: { capabilities, declared } }: { agent: Agent }) {
  return (
    <section aria-labelledby="labels-title">
      <h2 id="labels-title">What it can do</h2>
      <Facts label="Capabilities">
        <Fact name="Probed on its machine: these route jobs, with its grants">
          {capabilities.length === 0 ? 'nothing yet' : <Several labels={capabilities} />}
        </Fact>
        <Fact name="Declared by its owner: for people, routes nothing">
          {declared.length === 0 ? 'nothing' : <Several labels={declared} />}
        </Fact>
      </Facts>
    </section>
  );
}

function Several({ labels }: { labels: readonly string[] }) {
  return (
    <span className="labels">
      {labels.map((label) => (
        <code key={label}>{label}</code>
      ))}
    </span>
  );
}
