/** Workflows: versioned documents. Jobs resolve and check them here. */
export { workflowsModule } from './workflows.module.ts';
export { WorkflowsService, type Checked } from './workflows.service.ts';
export type { VersionRow } from './workflow.store.ts';
