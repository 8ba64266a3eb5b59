/** The agents: which there are, where, how they stand and how busy they are. */
import { AgentState, type Agent } from '@casare/shared/api';
import { api as endpoints } from '@casare/shared/client';
import { useCallback } from 'react';
import { AgentBadge, Presence } from '../agents/agent-state.tsx';
import { AGENT_STATES, slotsWords } from '../agents/agent-words.ts';
import { useLive } from '../live/use-live.ts';
import { Link, navigate } from '../router.tsx';
import { useSession } from '../session.tsx';
import { Fault } from '../ui/fault.tsx';
import { Loading } from '../ui/loading.tsx';
import { SearchField, useSearch } from '../ui/search.tsx';
import { Table } from '../ui/table.tsx';
import { Title } from '../ui/title.tsx';
import { Pager, usePages, type PageAsk } from '../ui/use-pages.tsx';

/** Slots in use are told by no event. */
const AGAIN_MS = 15_000;

export function AgentsPage({ state: asked }: { state: string | null }) {
  const { api } = useSession();
  const state = AgentState.safeParse(asked).data ?? null;
  const [name, site, tag] = [useSearch(), useSearch(), useSearch()];
  const load = useCallback(
    (ask: PageAsk, signal: AbortSignal) => {
      const found = { q: name.q, site: site.q, tag: tag.q };
      const filters = Object.fromEntries(Object.entries(found).filter(([, text]) => text !== ''));
      return api.call(endpoints.agents.list, { query: { ...ask, ...filters, ...(state && { state }) }, signal });
    },
    [api, state, name.q, site.q, tag.q],
  );
  const { value, error, refresh, pager } = usePages(load, AGAIN_MS);
  useLive(api, null, {
    onOpen: refresh,
    onEvents: (events) => {
      if (events.some(({ type }) => type === 'agent.changed')) refresh();
    },
  });
  const isNarrowed = state !== null || name.q + site.q + tag.q !== '';
  return (
    <>
      <div className="head">
        <Title>Agents</Title>
        <StateFilter state={state} />
      </div>
      <div className="tools">
        <SearchField label="Name contains" search={name} pager={pager} />
        <SearchField label="Site" search={site} pager={pager} />
        <SearchField label="Label" search={tag} pager={pager} />
      </div>
      {error !== null && <Fault error={error} onRetry={refresh} />}
      {value === null && error === null && <Loading what="Loading agents" />}
      {value?.items.length === 0 && <None isNarrowed={isNarrowed} />}
      {value !== null && value.items.length > 0 && (
        <Table caption="Agents, newest first" columns={['Name', 'State', 'Site', 'Grants', 'Slots in use', 'Version']}>
          {value.items.map((agent) => (
            <Row key={agent.id} agent={agent} />
          ))}
        </Table>
      )}
      <Pager {...pager} />
    </>
  );
}

function StateFilter({ state }: { state: AgentState | null }) {
  return (
    <label className="filter">
      State
      <select
        value={state ?? ''}
        onChange={({ target }) => navigate({ page: 'agents', state: target.value === '' ? null : target.value })}
      >
        <option value="">All</option>
        {AgentState.options.map((option) => (
          <option key={option} value={option}>
            {AGENT_STATES[option].name}
          </option>
        ))}
      </select>
    </label>
  );
}

function None({ isNarrowed }: { isNarrowed: boolean }) {
  const { may } = useSession();
  if (isNarrowed) return <p className="empty">No agent is like that.</p>;
  return (
    <div className="empty">
      <p>No agents yet. They run jobs where the systems are, and enrol with a join token.</p>
      <p>
        {may('tokens:write') ? (
          <Link to={{ page: 'join-tokens' }}>Make a join token</Link>
        ) : (
          'Owners, admins and security people make join tokens.'
        )}
      </p>
    </div>
  );
}

function Row({ agent }: { agent: Agent }) {
  const { id, name, site, grants, facts, ephemeral } = agent;
  return (
    <tr role="row">
      <td role="cell">
        <Link to={{ page: 'agent', id }}>{name}</Link>{' '}
        <span className="detail" title={id}>
          {facts?.hostname ?? id.slice(-6)} {ephemeral && '· vanishes after use'}
        </span>
      </td>
      <td role="cell" data-label="State">
        <AgentBadge agent={agent} />{' '}
        <span className="detail">
          <Presence agent={agent} />
        </span>
      </td>
      <td role="cell" data-label="Site">
        {site ?? <span className="faint">none</span>}
      </td>
      <td role="cell" data-label="Grants">
        {grants.length === 0 ? <span className="faint">none</span> : grants.join(', ')}
      </td>
      <td role="cell" data-label="Slots in use">
        {slotsWords(agent)}
      </td>
      <td role="cell" data-label="Version">
        {facts?.agentVersion ?? <span className="faint">not known</span>}
      </td>
    </tr>
  );
}
