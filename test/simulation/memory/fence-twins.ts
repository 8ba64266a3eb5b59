/** Twins of fences. */
import { silentMs } from './lease-twins.ts';
import { by, twin, type Twin } from './twin.ts';

export const FENCE_TWINS: Readonly<Record<string, Twin>> = {
  raiseFence: twin<[string, string, number]>(({ tables, now }, tenant, job, attempt) => {
    const lease = tables.job_lease.get(tenant, job);
    if (lease?.attempt !== attempt) return [];
    const { agent_id, leased_at } = lease;
    const row = { tenant_id: tenant, job_id: job, attempt, agent_id, leased_at, fenced_at: now };
    return tables.job_fence.insert({ ...row, told_session: null, told_at: null }) ? [row] : [];
  }),
  fencesOfJob: twin<[string, string]>(({ tables }, tenant, job) => [
    { n: tables.job_fence.where((row) => row.tenant_id === tenant && row.job_id === job).length },
  ]),
  untoldFences: twin<[string[], string[], number]>(({ tables }, agents, sessions, limit) =>
    agents
      .flatMap((agent, at) =>
        tables.job_fence
          .where((row) => row.agent_id === agent && row.told_session !== sessions[at])
          .map((row) => ({ row, session_id: sessions[at]! })),
      )
      .sort(by(({ row }) => row.fenced_at))
      .slice(0, limit)
      .map(({ row: { tenant_id, job_id, attempt, agent_id }, session_id }) => {
        return { tenant_id, job_id, attempt, agent_id, session_id };
      }),
  ),
  noteTold: twin<[string, string, number, string]>(({ tables, now }, tenant, job, attempt, session) => {
    const row = tables.job_fence.get(tenant, job, attempt);
    return row ? [tables.job_fence.change(row, { told_session: session, told_at: now })] : [];
  }),
  dropFence: twin<[string, string, number, string]>(({ tables }, tenant, job, attempt, agent) => {
    const row = tables.job_fence.get(tenant, job, attempt);
    if (row?.agent_id !== agent) return [];
    tables.job_fence.delete(row);
    return [row];
  }),
  dropOver: twin<[number, number, number, number]>((moment, leaseMs, marginMs, heartbeatMs, limit) => {
    const { tables, now } = moment;
    const over = tables.job_fence
      .where((row) => {
        const session = tables.agent_session.get(row.tenant_id, row.agent_id);
        const told = row.told_at !== null && row.told_session === session?.session_id;
        const heard = told && row.told_at + leaseMs + marginMs < now;
        return heard || silentMs(moment, row, leaseMs, marginMs, heartbeatMs) > 0;
      })
      .slice(0, limit);
    for (const row of over) tables.job_fence.delete(row);
    return over;
  }),
};
