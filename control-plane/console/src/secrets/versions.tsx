/** The versions of a secret that are kept, newest first. */
import type { Secret } from '@casare/shared/api';
import { api as endpoints } from '@casare/shared/client';
import { useCallback } from 'react';
import { useSession } from '../session.tsx';
import { asSeen } from '../ui/as-seen.ts';
import { Confirm } from '../ui/confirm.tsx';
import { Fault } from '../ui/fault.tsx';
import { Loading } from '../ui/loading.tsx';
import { Table } from '../ui/table.tsx';
import { useAct } from '../ui/use-act.ts';
import { useLoaded } from '../ui/use-loaded.ts';
import { Ago } from '../ui/when.tsx';

/** More than are kept. */
const ALL = 50;

/** Which version jobs get decides which may go. */
const newestOf = ({ version, mode }: Secret) => [version, mode];

export function Versions({ secret }: { secret: Secret }) {
  const { name, version: newest } = secret;
  const { api, may } = useSession();
  const { error: failure, done, act } = useAct();
  const load = useCallback(
    (signal: AbortSignal) => {
      void newest;
      return api.call(endpoints.secrets.versions, { params: { name }, query: { limit: ALL }, signal });
    },
    [api, name, newest],
  );
  const { value, error, refresh } = useLoaded(load);
  const mayWrite = may('secrets:write');
  const remove = (version: number) =>
    act(async () => {
      const ifMatch = await asSeen(secret, api.tagged(endpoints.secrets.get, { params: { name } }), newestOf);
      await api.call(endpoints.secrets.deleteVersion, { params: { name, version }, ifMatch });
      refresh();
      return `Version ${version} is deleted.`;
    });
  return (
    <section aria-labelledby="versions-title">
      <h2 id="versions-title">Versions</h2>
      <p role="status">{done}</p>
      {failure !== null && <Fault error={failure} />}
      {error !== null && <Fault error={error} onRetry={refresh} />}
      {value === null && error === null && <Loading what="Loading its versions" />}
      {value !== null && (
        <Table
          caption="Versions, newest first"
          columns={['Version', 'Stored', 'By', 'Under', ...(mayWrite ? ['Action'] : [])]}
        >
          {value.items.map(({ version, createdAt, createdBy, masterKey }) => (
            <tr key={version} role="row">
              <td role="cell">
                Version {version} {version === newest && <span className="faint">the one that jobs get</span>}
              </td>
              <td role="cell" data-label="Stored">
                <Ago time={createdAt} />
              </td>
              <td role="cell" data-label="By">
                <code>{createdBy}</code>
              </td>
              <td role="cell" data-label="Under">
                {masterKey === null ? 'the keys of its agents' : <code>{masterKey}</code>}
              </td>
              {mayWrite && (
                <td role="cell">
                  {version !== newest && (
                    <Confirm
                      label="Delete"
                      name={`Delete version ${version}`}
                      title={`Delete version ${version}?`}
                      keep="Keep it"
                      confirm="Delete the version"
                      onConfirmed={() => void remove(version)}
                    >
                      <p>A job that has it already goes on with it; no job gets it any more.</p>
                    </Confirm>
                  )}
                </td>
              )}
            </tr>
          ))}
        </Table>
      )}
    </section>
  );
}
