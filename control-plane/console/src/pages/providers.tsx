/** Identity providers: who says for the tenant who somebody is, and by which groups people get which role. */
import type { Provider } from '@casare/shared/api';
import { api as endpoints, type Tagged } from '@casare/shared/client';
import { useCallback, useState } from 'react';
import { ChangeProvider, NewProvider } from '../providers/provider-forms.tsx';
import { useSession } from '../session.tsx';
import { Confirm } from '../ui/confirm.tsx';
import { Fault } from '../ui/fault.tsx';
import { Loading } from '../ui/loading.tsx';
import { Table } from '../ui/table.tsx';
import { Title } from '../ui/title.tsx';
import { useAct } from '../ui/use-act.ts';
import { useLoaded } from '../ui/use-loaded.ts';

/** More than a tenant can have. */
const ALL = 50;

export function ProvidersPage() {
  const { api, may } = useSession();
  const load = useCallback(
    (signal: AbortSignal) => api.call(endpoints.providers.list, { query: { limit: ALL }, signal }),
    [api],
  );
  const { value, error, refresh } = useLoaded(load);
  const { error: failure, done, act } = useAct();
  const [edited, setEdited] = useState<Tagged<Provider> | null>(null);
  const mayWrite = may('providers:write');
  const edit = ({ id }: Provider) =>
    act(
      async () => {
        setEdited(await api.tagged(endpoints.providers.get, { params: { id } }));
        return '';
      },
      { stay: true },
    );
  const leave = (words: string) => {
    setEdited(null);
    refresh();
    void act(() => Promise.resolve(words));
  };
  const remove = ({ id, name }: Provider) =>
    act(async () => {
      await api.call(endpoints.providers.remove, { params: { id } });
      refresh();
      return `${name} is removed.`;
    });
  return (
    <>
      <div className="head">
        <Title>Identity providers</Title>
      </div>
      <p className="faint">
        People of this tenant sign in with them, beside their passwords, and get roles by their groups.
      </p>
      <p role="status">{done}</p>
      {failure !== null && <Fault error={failure} />}
      {error !== null && <Fault error={error} onRetry={refresh} />}
      {value === null && error === null && <Loading what="Loading identity providers" />}
      {value?.items.length === 0 && (
        <p className="empty">
          There is none: people sign in by e-mail and password.{' '}
          {mayWrite ? 'Add that of your organisation below.' : 'An owner adds them.'}
        </p>
      )}
      {value !== null && value.items.length > 0 && (
        <Table caption="Identity providers" columns={['Name', 'Issuer', 'Roles', ...(mayWrite ? ['Action'] : [])]}>
          {value.items.map((provider) => (
            <tr key={provider.id} role="row">
              <td role="cell">
                {provider.name}{' '}
                <span className="detail">{provider.kind === 'oidc' ? 'OpenID Connect' : 'tokens (JWT)'}</span>
              </td>
              <td role="cell" data-label="Issuer">
                {provider.issuer} <span className="detail">{provider.clientId}</span>
              </td>
              <td role="cell" data-label="Roles">
                {provider.roles.map(({ group, role }) => (
                  <div key={group}>
                    {group}: {role}
                  </div>
                ))}
                {provider.linkByEmail && <span className="detail">accounts by verified address</span>}
                {provider.trustEmail && <span className="closed">its addresses count as verified</span>}
              </td>
              {mayWrite && (
                <td role="cell">
                  <div className="acts">
                    <button type="button" aria-label={`Edit ${provider.name}`} onClick={() => void edit(provider)}>
                      Edit
                    </button>
                    <Confirm
                      label="Delete"
                      name={`Delete ${provider.name}`}
                      title={`Delete ${provider.name}?`}
                      keep="Keep it"
                      confirm="Delete the provider"
                      onConfirmed={() => void remove(provider)}
                    >
                      <p>The sessions that it opened end. Accounts stay; without a password nobody comes in by them.</p>
                    </Confirm>
                  </div>
                </td>
              )}
            </tr>
          ))}
        </Table>
      )}
      {edited !== null && <ChangeProvider key={edited.value.id} seen={edited} onDone={leave} />}
      {mayWrite && edited === null && <NewProvider onMade={refresh} />}
    </>
  );
}
