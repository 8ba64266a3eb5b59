/** Twins of leases, moves, silence and sessions. */
import type { JobState } from '@casare/shared/api';
import type { SlotKind } from '@casare/shared/protocol';
import type { LeaseRow, SessionRow } from './rows.ts';
import { assignmentRow } from './run-twins.ts';
import { by, date, json, twin, type Moment, type Twin } from './twin.ts';

export const LEASE_TWINS: Readonly<Record<string, Twin>> = {
  leaseJobs: twin<[string[], string[], string[], SlotKind[], JobState[]]>(
    ({ tables, now }, tenants, jobs, agents, slots, from) =>
      jobs.flatMap((id, at) => {
        const job = tables.job.get(tenants[at]!, id);
        if (!job) return [];
        if (!from.includes(job.state) || (job.deadline !== null && job.deadline <= now)) return [notLeased(id)];
        const attempt = job.attempt + 1 + job.attempt_skip;
        const key = { tenant_id: job.tenant_id, job_id: id, attempt, agent_id: agents[at]! };
        const { generation } = job;
        const timeout_at = job.timeout_at ?? (job.timeout_ms === null ? null : now + job.timeout_ms);
        tables.job.change(job, { state: 'leased', attempt, attempt_skip: 0, agent_id: key.agent_id, timeout_at });
        const ends = [timeout_at, job.attempt_timeout_ms === null ? null : now + job.attempt_timeout_ms].filter(
          (end) => end !== null,
        );
        const due_at = ends.length === 0 ? null : Math.min(...ends);
        const fresh = { accepted: false, acked_seq: 0, cancelling: false, pause_word: 0, restored: false };
        const times = { leased_at: now, settle_after: null, due_at };
        if (!tables.job_lease.insert({ ...key, generation, slot: slots[at]!, ...times, ...fresh })) {
          throw new Error(`job_lease: ${id} is leased already`);
        }
        const deadline = tables.job_deadline.get(job.tenant_id, id);
        if (deadline) tables.job_deadline.delete(deadline);
        return [{ ...key, ready: true, ...assignmentRow(tables.job.get(job.tenant_id, id)!, now) }];
      }),
  ),
  leasesOfThese: twin<[string[], string[]]>(({ tables }, tenants, agents) =>
    agents
      .flatMap((agent, at) => tables.job_lease.where((row) => row.tenant_id === tenants[at] && row.agent_id === agent))
      .sort(by((row) => row.leased_at))
      .map((lease) => withState({ tables }, lease)),
  ),
  leasesOfAgents: twin<[string[]]>(({ tables }, agents) =>
    tables.job_lease
      .where((row) => agents.includes(row.agent_id))
      .map(({ job_id, attempt, agent_id, slot }) => ({ job_id, attempt, agent_id, slot })),
  ),
  lockLease: twin<[string, string]>(({ tables }, tenant, job) => {
    const lease = tables.job_lease.get(tenant, job);
    return lease ? [withState({ tables }, lease)] : [];
  }),
  acceptLeases: twin<[string[], string[], number[], string[]]>(({ tables }, tenants, jobs, attempts, agents) =>
    jobs.flatMap((job, at) => {
      const lease = tables.job_lease.get(tenants[at]!, job);
      if (lease?.attempt !== attempts[at] || lease!.agent_id !== agents[at] || lease!.accepted) return [];
      return [tables.job_lease.change(lease!, { accepted: true })];
    }),
  ),
  markCancelling: twin<[string, string]>(({ tables }, tenant, job) => {
    const lease = tables.job_lease.get(tenant, job);
    return lease ? [tables.job_lease.change(lease, { cancelling: true })] : [];
  }),
  wordAbout: twin<[string, string, number, number]>(({ tables }, tenant, job, attempt, word) => {
    const lease = tables.job_lease.get(tenant, job);
    if (lease?.attempt !== attempt || lease.pause_word !== word - 1) return [];
    return [tables.job_lease.change(lease, { pause_word: word })];
  }),
  sessionPauses: twin<[string, string]>(({ tables }, tenant, agent) => {
    const session = tables.agent_session.get(tenant, agent);
    return session ? [{ pauses: session.pauses }] : [];
  }),
  pauseWords: twin<[string[], number]>(({ tables }, agents, limit) =>
    tables.job_lease
      .where((row) => agents.includes(row.agent_id) && row.pause_word > 0)
      .slice(0, limit)
      .map(({ job_id, attempt, agent_id, pause_word }) => ({ job_id, attempt, agent_id, pause_word })),
  ),
  endLeases: twin<[string[], string[], number[], string[]]>(({ tables, now }, tenants, jobs, attempts, outcomes) =>
    jobs.flatMap((job, at) => {
      const lease = tables.job_lease.get(tenants[at]!, job);
      if (lease?.attempt !== attempts[at]) return [];
      tables.job_lease.delete(lease!);
      const { tenant_id, job_id, attempt, generation, agent_id, leased_at } = lease!;
      const record = { tenant_id, job_id, attempt, generation, agent_id, leased_at };
      tables.job_attempt.insert({ ...record, ended_at: now, outcome: outcomes[at]!, error: null });
      return [record];
    }),
  ),
  interruptSteps: twin<[string[], string[], number[]]>(({ tables, now }, tenants, jobs, attempts) =>
    tables.job_step
      .where(
        (row) =>
          row.state === 'running' &&
          jobs.some((job, at) => row.job_id === job && row.tenant_id === tenants[at] && row.attempt === attempts[at]),
      )
      .map((row) => tables.job_step.change(row, { state: 'interrupted', ended_at: now })),
  ),

  lockJob: twin<[string, string]>(({ tables }, tenant, id) => {
    const job = tables.job.get(tenant, id);
    if (!job) return [];
    const { state, attempt, first_attempt, max_attempts, route_id, workflow_id, concurrency_key } = job;
    const retried = tables.job_attempt.where(
      (row) => row.job_id === id && row.attempt >= first_attempt && row.outcome === 'retried',
    ).length;
    const tries =
      1 +
      tables.job_attempt.where(
        (row) =>
          row.job_id === id && row.attempt >= first_attempt && row.attempt < attempt && row.outcome !== 'retried',
      ).length;
    return [
      {
        ...{ state, attempt, first_attempt, max_attempts, route_id, rank: 100 - job.priority, workflow_id },
        ...{ not_before: date(job.not_before), deadline: date(job.deadline), concurrency_key, retried, tries },
      },
    ];
  }),
  moveJob: twin<
    [
      tenant: string,
      id: string,
      from: JobState[],
      to: JobState,
      ended: boolean,
      output: string | null,
      error: string | null,
      review: string | null,
      keepReview: boolean,
      newGeneration: boolean,
    ]
  >(({ tables, now }, tenant, id, from, to, ended, output, error, review, keepReview, newGeneration) => {
    const job = tables.job.get(tenant, id);
    if (!job || !from.includes(job.state)) return [];
    const passed = job.deadline !== null && job.deadline <= now;
    const moved = tables.job.change(job, {
      state: to,
      ended_at: ended ? now : null,
      output: newGeneration ? null : output === null ? job.output : json(output),
      error: newGeneration ? null : error === null ? job.error : json(error),
      dead_letter: null,
      review: keepReview ? job.review : (json(review) as typeof job.review),
      generation: newGeneration ? job.generation + 1 : job.generation,
      first_attempt: newGeneration ? job.attempt + 1 : job.first_attempt,
      started_at: newGeneration ? null : job.started_at,
      timeout_at: newGeneration ? null : job.timeout_at,
      deadline: newGeneration && passed ? null : job.deadline,
      agent_id: to === 'pending' ? null : job.agent_id,
    });
    return [moved];
  }),

  silentLeases: twin<[number, number, number, number]>((moment, leaseMs, marginMs, heartbeatMs, limit) =>
    moment.tables.job_lease
      .where((lease) => lease.settle_after === null || lease.settle_after <= moment.now)
      .map((lease) => ({ lease, silent: silentMs(moment, lease, leaseMs, marginMs, heartbeatMs) }))
      .filter(({ silent }) => silent > 0)
      .sort(by(({ silent }) => -silent))
      .slice(0, limit)
      .map(({ lease, silent }) => {
        const { tenant_id, job_id, attempt } = lease;
        return { tenant_id, job_id, attempt, silent_ms: silent };
      }),
  ),
  holdSession: twin<[string, string]>(({ tables }, tenant, job) => {
    const lease = tables.job_lease.get(tenant, job);
    return lease && tables.agent_session.get(tenant, lease.agent_id) ? [{}] : [];
  }),
  stillSilent: twin<[number, number, number, string, string]>((moment, leaseMs, marginMs, heartbeatMs, tenant, job) => {
    const lease = moment.tables.job_lease.get(tenant, job);
    return lease ? [{ silent_ms: silentMs(moment, lease, leaseMs, marginMs, heartbeatMs) }] : [];
  }),
  lookAgain: twin<[string, string, number]>(({ tables }, tenant, job, attempt) => {
    const lease = tables.job_lease.get(tenant, job);
    return lease?.attempt === attempt ? [tables.job_lease.change(lease, { settle_after: null })] : [];
  }),
  putOffLease: twin<[string, string, number, number | null]>(({ tables, now }, tenant, job, attempt, forMs) => {
    const lease = tables.job_lease.get(tenant, job);
    if (lease?.attempt !== attempt) return [];
    return [tables.job_lease.change(lease, { settle_after: forMs === null ? Infinity : now + forMs })];
  }),
  unaccepted: twin<[string[], number, number]>(({ tables, now }, agents, olderMs, limit) =>
    tables.job_lease
      .where((row) => agents.includes(row.agent_id) && !row.accepted && row.leased_at < now - olderMs)
      .sort(by((row) => row.leased_at))
      .slice(0, limit)
      .map(({ tenant_id, job_id, attempt, agent_id }) => ({ tenant_id, job_id, attempt, agent_id })),
  ),
  cancelling: twin<[string[], number]>(({ tables }, agents, limit) =>
    tables.job_lease
      .where((row) => agents.includes(row.agent_id) && row.cancelling)
      .slice(0, limit)
      .map(({ job_id, attempt, agent_id }) => ({ job_id, attempt, agent_id })),
  ),

  takeSingletons: twin<[string[], string, number]>(({ tables, now }, names, holder, leaseMs) =>
    [...names].sort().flatMap((name) => {
      const row = tables.singleton.get(name);
      if (row && row.holder !== holder && row.until > now) return [];
      const term = !row ? 1 : row.holder === holder ? row.term : row.term + 1;
      const held = { name, holder, until: now + leaseMs, term };
      if (row) tables.singleton.change(row, held);
      else tables.singleton.insert(held);
      return [{ name, term }];
    }),
  ),
  giveUpSingletons: twin<[string[], string]>(({ tables, now }, names, holder) =>
    tables.singleton
      .where((row) => names.includes(row.name) && row.holder === holder)
      .map((row) => tables.singleton.change(row, { until: now })),
  ),

  addGateway: twin<[string]>(({ tables, now }, id) => {
    if (!tables.gateway.insert({ id, heartbeat_at: now })) throw new Error(`gateway: ${id} is there already`);
    return [{}];
  }),
  beatGateway: twin<[string]>(({ tables, now }, id) => {
    const row = tables.gateway.get(id);
    return row ? [tables.gateway.change(row, { heartbeat_at: now })] : [];
  }),
  dropGateway: twin<[string]>((moment, id) => dropGateways(moment, (row) => row.id === id)),
  dropDeadGateways: twin<[number]>((moment, deadMs) =>
    dropGateways(moment, (row) => row.heartbeat_at < moment.now - deadMs),
  ),
  openSessions: twin<
    [string[], string[], string[], string[], string[], number[], number, unknown, unknown, pauses: boolean[]]
  >(({ tables, now }, tenants, agents, sessions, gateways, instances, epochs, leaseMs, _serials, _shown, pauses) =>
    agents.map((agent, at) => {
      const before = tables.agent_session.get(tenants[at]!, agent);
      const row: SessionRow = {
        tenant_id: tenants[at]!,
        agent_id: agent,
        session_id: sessions[at]!,
        gateway_id: gateways[at]!,
        instance: instances[at]!,
        epoch: epochs[at]!,
        since: now,
        lease_until: !before ? null : before.gateway_id === null ? before.lease_until : now + leaseMs,
        pauses: pauses[at]!,
      };
      if (before) tables.agent_session.change(before, row);
      else tables.agent_session.insert(row);
      const gateway = before?.gateway_id ?? null;
      return { place: at + 1, replaced: gateway === null ? null : before!.session_id, gateway };
    }),
  ),
  heldSessions: twin<[string[], string[]]>(({ tables }, tenants, agents) =>
    agents.flatMap((agent, at) => {
      const row = tables.agent_session.get(tenants[at]!, agent);
      if (!row || row.gateway_id === null) return [];
      return [{ agentId: agent, sessionId: row.session_id, instance: row.instance }];
    }),
  ),
  lockAgentsOfSessions: twin<[string[], string[], string[]]>(({ tables }, tenants, agents, sessions) =>
    agents
      .flatMap((id, at) => {
        const agent = tables.agent.get(tenants[at]!, id);
        const session = tables.agent_session.get(tenants[at]!, id);
        if (!agent || session?.session_id !== sessions[at]) return [];
        return [{ tenant: agent.tenant_id, agentId: id, name: agent.name, state: agent.state }];
      })
      .sort(
        by(
          (row) => row.tenant,
          (row) => row.agentId,
        ),
      ),
  ),
  closeSessions: twin<[string[], string[], string[], number[]]>(({ tables, now }, tenants, agents, sessions, leaseMs) =>
    agents.flatMap((agent, at) => {
      const row = tables.agent_session.get(tenants[at]!, agent);
      if (row?.session_id !== sessions[at]) return [];
      const until = Math.max(row!.lease_until ?? 0, now + leaseMs[at]!);
      tables.agent_session.change(row!, { gateway_id: null, since: now, lease_until: until });
      return [{ agentId: agent }];
    }),
  ),
};

function notLeased(job_id: string): Record<string, unknown> {
  const [none, job] = [null, { generation: null, first_attempt: null, workflow_id: null, input: null }];
  const key = { job_id, ready: false, tenant_id: none, attempt: none, agent_id: none };
  return { ...key, ...job, attempt_timeout_ms: none, late: none, job_left_ms: none, created_by: none };
}

function withState({ tables }: Pick<Moment, 'tables'>, lease: LeaseRow): Record<string, unknown> {
  const { leased_at: _, settle_after: __, due_at: ___, generation: ____, ...row } = lease;
  return { ...row, state: tables.job.get(lease.tenant_id, lease.job_id)!.state };
}

/** As the store's expression SILENT_MS says. */
export function silentMs(
  moment: Moment,
  lease: Pick<LeaseRow, 'tenant_id' | 'agent_id' | 'leased_at'>,
  leaseMs: number,
  marginMs: number,
  heartbeatMs: number,
): number {
  const { tables, now } = moment;
  const session = tables.agent_session.get(lease.tenant_id, lease.agent_id);
  const granted = leaseMs + heartbeatMs;
  const believed = (): number => {
    if (!session) return lease.leased_at + granted;
    if (session.gateway_id === null) return session.lease_until ?? session.since;
    return (tables.gateway.get(session.gateway_id)?.heartbeat_at ?? session.since) + granted;
  };
  return now - Math.max(believed(), session?.lease_until ?? 0, lease.leased_at + leaseMs) - marginMs;
}

function dropGateways(
  { tables }: Moment,
  condition: (row: { readonly id: string; readonly heartbeat_at: number }) => boolean,
): readonly unknown[] {
  const used = new Set(tables.agent_session.all().map((row) => row.gateway_id));
  const dropped = tables.gateway.where((row) => condition(row) && !used.has(row.id));
  for (const row of dropped) tables.gateway.delete(row);
  return dropped;
}
