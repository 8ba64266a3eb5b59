/**
 * How a secret is sealed, and to whom: by the command line, since what is typed here is code that the control plane sends.
 * For the same reason no command is shown with fingerprints in it: they are to be read off the agent's own machine.
 */
import type { Secret } from '@casare/shared/api';
import { api as endpoints } from '@casare/shared/client';
import { useCallback } from 'react';
import { useSession } from '../session.tsx';
import { Fault } from '../ui/fault.tsx';
import { Loading } from '../ui/loading.tsx';
import { Table } from '../ui/table.tsx';
import { useLoaded } from '../ui/use-loaded.ts';

const SHOWN = 200;

export function Sealing({ secret: { name, version } }: { secret: Secret }) {
  const { api } = useSession();
  const load = useCallback(
    async (signal: AbortSignal) => {
      void version;
      const [recipients, keys] = await Promise.all([
        api.call(endpoints.secrets.recipients, { params: { name }, query: { limit: SHOWN }, signal }),
        api.call(endpoints.secrets.sealingKeys, { query: { limit: SHOWN }, signal }),
      ]);
      const has = new Set(recipients.items.map(({ agentId }) => agentId));
      const without = keys.items.filter(({ agentId, state }) => !has.has(agentId) && state !== 'decommissioned');
      return { recipients: recipients.items, without };
    },
    [api, name, version],
  );
  const { value, error, refresh } = useLoaded(load);
  return (
    <section aria-labelledby="sealing-title">
      <h2 id="sealing-title">Who can open it</h2>
      {error !== null && <Fault error={error} onRetry={refresh} />}
      {value === null && error === null && <Loading what="Loading whom it is sealed to" />}
      {value !== null && (
        <>
          <Table caption="Agents that it is sealed to" columns={['Agent', 'Sealed to the key', 'Opens it']}>
            {value.recipients.map(({ agentId, agent, fingerprint, opens }) => (
              <tr key={agentId} role="row">
                <td role="cell">{agent}</td>
                <td role="cell" data-label="Sealed to the key">
                  <code>{fingerprint}</code>
                </td>
                <td role="cell" data-label="Opens it">
                  {opens ? 'Yes' : <span className="closed">No: it has another key by now. Reseal it.</span>}
                </td>
              </tr>
            ))}
          </Table>
          {value.without.length > 0 && (
            <p className="more">
              Not sealed to{' '}
              {value.without
                .map(({ agent, publicKey }) =>
                  publicKey === null ? `${agent} (it has no sealing key: update it)` : agent,
                )
                .join(', ')}
              : jobs that use it do not go there.
            </p>
          )}
        </>
      )}
      <HowToSeal verb="reseal" name={name} />
    </section>
  );
}

export function HowToSeal({ verb, name }: { verb: 'seal' | 'reseal'; name: string }) {
  return (
    <div className="card more">
      <p>
        {verb === 'seal' ? 'A secret that the control plane must not read is sealed' : 'A new version is sealed'} on
        your machine. Ask the agent for its fingerprint on its own machine, with <code>casare-agent status</code>, then:
      </p>
      <pre tabIndex={0}>{`echo -n "$VALUE" | casare secrets ${verb} ${name} --agent NAME=FINGERPRINT`}</pre>
      {verb === 'reseal' && <p>It goes to those that have it, and to those that are named. </p>}
    </div>
  );
}
