/** The people of the tenant: invited, given roles, disabled, deleted. What one may not do has no button. */
import { Role, within, type Account, type AccountAction } from '@casare/shared/api';
import { api as endpoints } from '@casare/shared/client';
import { useCallback, useState } from 'react';
import { Invite } from '../people/invite.tsx';
import { PersonSites, sitesWords } from '../people/sites.tsx';
import { useSession } from '../session.tsx';
import { asSeen } from '../ui/as-seen.ts';
import { Confirm } from '../ui/confirm.tsx';
import { Fault } from '../ui/fault.tsx';
import { Loading } from '../ui/loading.tsx';
import { Table } from '../ui/table.tsx';
import { Title } from '../ui/title.tsx';
import { useLoaded } from '../ui/use-loaded.ts';
import { Ago } from '../ui/when.tsx';

const AGAIN_MS = 30_000;
const PAGE = 50;

export function PeoplePage() {
  const { api, state } = useSession();
  const [limit, setLimit] = useState(PAGE);
  const load = useCallback(
    (signal: AbortSignal) => api.call(endpoints.accounts.list, { query: { limit }, signal }),
    [api, limit],
  );
  const { value, error, refresh } = useLoaded(load, AGAIN_MS);
  const [failure, setFailure] = useState<unknown>(null);
  const [done, setDone] = useState('');
  if (state.is !== 'in') return null;
  const { me } = state;
  const act = async (work: () => Promise<unknown>, words: string) => {
    setFailure(null);
    setDone('');
    try {
      await work();
      setDone(words);
    } catch (fault) {
      setFailure(fault);
    }
    refresh();
  };
  const roles = Role.options.filter((role) => within({ role, scopes: null }, { role: me.role, scopes: null }));
  const mayChange = (account: Account) =>
    me.permissions.includes('accounts:write') && account.id !== me.accountId && roles.includes(account.role);
  return (
    <>
      <div className="head">
        <Title>People</Title>
      </div>
      {error !== null && <Fault error={error} onRetry={refresh} />}
      {value === null && error === null && <Loading what="Loading people" />}
      <p role="status">{done}</p>
      {failure !== null && <Fault error={failure} />}
      {me.permissions.includes('accounts:write') && <Invite roles={roles} onInvited={refresh} />}
      {value !== null && (
        <Table caption="People" columns={['E-mail', 'Role', 'Where', 'State', 'Signed in', 'Second factor', 'Change']}>
          {value.items.map((account) => (
            <Person
              key={account.id}
              account={account}
              roles={mayChange(account) ? roles : []}
              mayRecover={me.permissions.includes('accounts:recover') && account.id !== me.accountId}
              act={act}
            />
          ))}
        </Table>
      )}
      {value !== null && value.nextCursor !== null && limit < 200 && (
        <button type="button" onClick={() => setLimit(200)}>
          Show more
        </button>
      )}
    </>
  );
}

interface PersonProps {
  readonly account: Account;
  /** What it may be given; empty when it may not be changed. */
  readonly roles: readonly Role[];
  readonly mayRecover: boolean;
  readonly act: (work: () => Promise<unknown>, words: string) => Promise<void>;
}

/** What others decide about an account: its person may join meanwhile, or set up a second factor. */
const decided = ({ role, sites, platform, state }: Account) => [role, sites, platform, state === 'disabled'];

function Person({ account, roles, mayRecover, act }: PersonProps) {
  const { api } = useSession();
  const { id, email, role, state } = account;
  const params = { id };
  /** Only on the account that is shown: who comes after somebody else is told. */
  const change = (work: (ifMatch: string | undefined) => Promise<unknown>, words: string) =>
    act(async () => work(await asSeen(account, api.tagged(endpoints.accounts.get, { params }), decided)), words);
  const steer = (action: AccountAction, words: string) =>
    change((ifMatch) => api.call(endpoints.accounts.act, { params: { id, action }, ifMatch }), words);
  const setRole = (to: Role) =>
    change(
      (ifMatch) => api.call(endpoints.accounts.setRole, { params, body: { role: to }, ifMatch }),
      `${email} is ${to} now.`,
    );
  const setSites = (sites: string[] | null) =>
    change(
      (ifMatch) => api.call(endpoints.accounts.setRole, { params, body: { role, sites }, ifMatch }),
      `${email} is ${role} ${sites === null ? 'everywhere' : `at ${sitesWords(sites)}`} now.`,
    );
  const reset = () =>
    change(
      (ifMatch) => api.call(endpoints.accounts.resetSecondFactor, { params, ifMatch }),
      `The second factor of ${email} is taken away.`,
    );
  const remove = () =>
    change((ifMatch) => api.call(endpoints.accounts.delete, { params, ifMatch }), `${email} is deleted.`);
  return (
    <tr role="row">
      <td role="cell">{email}</td>
      <td role="cell" data-label="Role">
        {roles.length === 0 ? (
          role
        ) : (
          <select
            aria-label={`Role of ${email}`}
            value={role}
            onChange={({ target }) => void setRole(Role.parse(target.value))}
          >
            {roles.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        )}
      </td>
      <td role="cell" data-label="Where">
        {sitesWords(account.sites)}{' '}
        {roles.length > 0 && role !== 'owner' && (
          <PersonSites account={account} onSave={(sites) => void setSites(sites)} />
        )}
      </td>
      <td role="cell" data-label="State">
        {state}
      </td>
      <td role="cell" data-label="Signed in">
        {account.lastSignInAt === null ? 'never' : <Ago time={account.lastSignInAt} />}
      </td>
      <td role="cell" data-label="Second factor">
        {account.secondFactor ? 'on' : 'off'}{' '}
        {account.secondFactor && mayRecover && (
          <button type="button" aria-label={`Reset the second factor of ${email}`} onClick={() => void reset()}>
            Reset
          </button>
        )}
      </td>
      <td role="cell">
        <div className="acts">
          {roles.length > 0 && state !== 'disabled' && (
            <button
              type="button"
              aria-label={`Disable ${email}`}
              onClick={() => void steer('disable', `${email} is disabled.`)}
            >
              Disable
            </button>
          )}
          {roles.length > 0 && state === 'disabled' && (
            <button
              type="button"
              aria-label={`Enable ${email}`}
              onClick={() => void steer('enable', `${email} is enabled.`)}
            >
              Enable
            </button>
          )}
          {roles.length > 0 && (
            <Confirm
              label="Delete"
              name={`Delete ${email}`}
              title={`Delete ${email}?`}
              keep="Keep it"
              confirm="Delete the account"
              onConfirmed={() => void remove()}
            >
              <p>Its sessions end and its keys stop at once, for good. What it did stays on record.</p>
            </Confirm>
          )}
        </div>
      </td>
    </tr>
  );
}
