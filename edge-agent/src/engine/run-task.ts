/** `run.workflow`: refused for now, with a clear error; sub-workflows need the control plane to hand the document over. */
import type { RunTask } from '@casare/shared/workflow';
import { fault } from './errors.ts';
import type { TaskHandler } from './frame.ts';

export const runSubWorkflow: TaskHandler<RunTask> = (task) => {
  const { namespace, name, version } = task.run.workflow;
  return Promise.reject(
    fault('configuration', {
      code: 'SUB_WORKFLOW_UNSUPPORTED',
      title: 'This agent cannot run sub-workflows',
      detail: `${namespace}/${name}@${version} was asked for: put its tasks into the document.`,
    }),
  );
};
