/** `set`: data made of literals and expressions. */
import type { SetTask } from '@casare/shared/workflow';
import { definitionOf } from './evaluate.ts';
import type { TaskHandler } from './frame.ts';

export const runSet: TaskHandler<SetTask> = async (task, frame) => ({
  output: await definitionOf(frame).transformation(task.set),
});
