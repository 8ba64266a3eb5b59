/** What operators of the platform do with a tenant: suspend it, let it go on, take its data out, delete it. */
import type { Tenant } from '@casare/shared/api';
import { api as endpoints } from '@casare/shared/client';
import { exportUrl } from '../api.ts';
import { useSession } from '../session.tsx';
import { Asks } from '../ui/asks.tsx';
import { Fault } from '../ui/fault.tsx';
import { useAct } from '../ui/use-act.ts';

interface TenantActionsProps {
  readonly tenant: Tenant;
  readonly onChanged: () => void;
}

export function TenantActions({ tenant, onChanged }: TenantActionsProps) {
  const { api } = useSession();
  const { id, name, state, operator } = tenant;
  const params = { tenant: id };
  const { error, done, act } = useAct();
  const suspend = (reason: string) =>
    act(async () => {
      await api.call(endpoints.tenants.suspend, { params, body: { reason } });
      onChanged();
      return `${name} is suspended.`;
    });
  const resume = () =>
    act(async () => {
      await api.call(endpoints.tenants.resume, { params });
      onChanged();
      return `${name} goes on.`;
    });
  const remove = (confirm: string) =>
    act(async () => {
      await api.call(endpoints.tenants.delete, { params, query: { confirm } });
      onChanged();
      return 'It is being deleted.';
    });
  return (
    <>
      <div className="tools">
        {state === 'active' && !operator && (
          <Asks
            label="Suspend"
            title={`Suspend ${name}?`}
            means="Its tunnels close and nothing can be changed; its people can still read. Jobs and records are kept."
            field="Why"
            keep="Let it be"
            confirm="Suspend the tenant"
            onConfirmed={suspend}
          />
        )}
        {state === 'suspended' && (
          <button type="button" className="main" onClick={() => void resume()}>
            Resume
          </button>
        )}
        {state !== 'deleting' && (
          <a className="button" href={exportUrl(id)} download>
            Export its data
          </a>
        )}
        {state === 'suspended' && (
          <Asks
            label="Delete"
            title={`Delete ${name} for good?`}
            means="Everything of it goes: jobs, files, agents, people. Nothing brings it back; export its data first."
            field={`To confirm, type ${id}`}
            keep="Keep it"
            confirm="Delete the tenant"
            danger
            onConfirmed={remove}
          />
        )}
        <span role="status">{done}</span>
      </div>
      {operator && <p className="faint">It looks after the platform: it can be neither suspended nor deleted.</p>}
      {state === 'active' && !operator && <p className="faint">To delete it, suspend it first.</p>}
      {error !== null && <Fault error={error} />}
    </>
  );
}
