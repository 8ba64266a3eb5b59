/** Join tokens: by them agents enrol, for a site and with its grants. */
import type { JoinToken } from '@casare/shared/api';
import { api as endpoints } from '@casare/shared/client';
import { useCallback } from 'react';
import { NewToken } from '../join-tokens/new-token.tsx';
import { useSession } from '../session.tsx';
import { Confirm } from '../ui/confirm.tsx';
import { Fault } from '../ui/fault.tsx';
import { Loading } from '../ui/loading.tsx';
import { Table } from '../ui/table.tsx';
import { Title } from '../ui/title.tsx';
import { useAct } from '../ui/use-act.ts';
import { Pager, usePages, type PageAsk } from '../ui/use-pages.tsx';
import { Ago, Until } from '../ui/when.tsx';

const AGAIN_MS = 30_000;
const STATES = { issued: 'Good', consumed: 'Used up', expired: 'Expired', revoked: 'Revoked' } as const;

export function JoinTokensPage() {
  const { api, may } = useSession();
  const load = useCallback(
    (query: PageAsk, signal: AbortSignal) => api.call(endpoints.joinTokens.list, { query, signal }),
    [api],
  );
  const { value, error, refresh, pager } = usePages(load, AGAIN_MS);
  const { error: failure, done, act } = useAct();
  const revoke = ({ id }: JoinToken) =>
    act(async () => {
      await api.call(endpoints.joinTokens.revoke, { params: { id } });
      refresh();
      return 'The token is revoked.';
    });
  return (
    <>
      <div className="head">
        <Title>Join tokens</Title>
      </div>
      <p className="faint">An agent enrols with one. Unless the token says otherwise, somebody approves it then.</p>
      <p role="status">{done}</p>
      {failure !== null && <Fault error={failure} />}
      {error !== null && <Fault error={error} onRetry={refresh} />}
      {value === null && error === null && <Loading what="Loading join tokens" />}
      {value?.items.length === 0 && (
        <p className="empty">
          There is none.{' '}
          {may('tokens:write') ? 'Make one below to add an agent.' : 'Owners, admins and security people make them.'}
        </p>
      )}
      {value !== null && value.items.length > 0 && (
        <Table caption="Join tokens, newest first" columns={['Token', 'Site', 'Grants', 'Good for', 'State', 'Action']}>
          {value.items.map((token) => (
            <Row key={token.id} token={token} onRevoke={may('tokens:write') ? () => void revoke(token) : null} />
          ))}
        </Table>
      )}
      <Pager {...pager} />
      {may('tokens:write') && <NewToken onMade={refresh} />}
    </>
  );
}

function Row({ token, onRevoke }: { token: JoinToken; onRevoke: (() => void) | null }) {
  const { id, site, tags, usesLeft, state, autoApprove, ephemeral, hosts, networks, createdAt, expiresAt } = token;
  return (
    <tr role="row">
      <td role="cell">
        <code>{id}</code>{' '}
        <span className="detail">
          <Ago time={createdAt} />
        </span>
      </td>
      <td role="cell" data-label="Site">
        {site ?? <span className="faint">none</span>}
      </td>
      <td role="cell" data-label="Grants">
        {tags.length === 0 ? <span className="faint">none</span> : tags.join(', ')}
      </td>
      <td role="cell" data-label="Good for">
        {usesLeft} more {usesLeft === 1 ? 'agent' : 'agents'}{' '}
        <span className="detail">
          {[...hosts, ...networks].join(', ')} {ephemeral && 'that enrol anew at each start'}{' '}
          {autoApprove && 'without approval'}
        </span>
      </td>
      <td role="cell" data-label="State">
        {STATES[state]}{' '}
        {state === 'issued' && (
          <span className="detail">
            ends <Until time={expiresAt} />
          </span>
        )}
      </td>
      <td role="cell">
        {state === 'issued' && onRevoke !== null && (
          <Confirm
            label="Revoke"
            name={`Revoke the token ${id}`}
            title="Revoke this token?"
            keep="Keep it"
            confirm="Revoke the token"
            onConfirmed={onRevoke}
          >
            <p>No agent enrols with it any more. Those that did stay.</p>
          </Confirm>
        )}
      </td>
    </tr>
  );
}
