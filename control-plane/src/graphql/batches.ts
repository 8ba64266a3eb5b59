/** What links read by, of the services that answer for it. */
import type { Fleet } from '../fleet/index.ts';
import type { Jobs } from '../jobs/index.ts';
import type { WorkflowsService } from '../workflows/index.ts';
import type { Batches } from './loaders.ts';

export interface BatchedServices {
  readonly jobs: Pick<Jobs, 'many'>;
  readonly fleet: Pick<Fleet, 'agents'>;
  readonly workflows: WorkflowsService;
}

export function batchesOf({ jobs: { many }, fleet: { agents }, workflows }: BatchedServices): Batches {
  return {
    one: {
      agent: (tenant, ids) => agents.byIds(tenant, ids),
      workflow: (tenant, ids) => workflows.views(tenant, ids),
      job: (tenant, ids) => many.jobs(tenant, ids),
    },
    pages: {
      steps: (tenant, jobs, ask) => many.steps(tenant, jobs, ask),
      logs: (tenant, jobs, ask) => many.logs(tenant, jobs, ask),
      artifacts: (tenant, jobs, ask) => many.artifacts(tenant, jobs, ask),
      attempts: (tenant, jobs, ask) => many.attempts(tenant, jobs, ask),
      jobs: (tenant, ids, ask) => many.jobsOfAgents(tenant, ids, ask),
    },
  };
}
