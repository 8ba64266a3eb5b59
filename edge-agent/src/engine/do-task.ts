/** `do`: tasks in order. */
import type { DoTask } from '@casare/shared/workflow';
import type { TaskHandler } from './frame.ts';

export const runDo: TaskHandler<DoTask> = (task, frame) =>
  frame.run.tasks.list(task.do, { path: `${frame.path}/do`, position: `${frame.position}/do` }, frame.input, frame);
