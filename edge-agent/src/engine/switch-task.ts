/** `switch`: the first case whose `when` holds says where to go on; the case without `when` is the default. */
import type { SwitchTask } from '@casare/shared/workflow';
import { definitionOf } from './evaluate.ts';
import type { TaskHandler } from './frame.ts';

export const runSwitch: TaskHandler<SwitchTask> = async (task, frame) => {
  const cases = task.switch.flatMap((item) => Object.values(item));
  const evaluator = definitionOf(frame);
  for (const { when, then } of cases) {
    if (when !== undefined && (await evaluator.condition(when))) return { output: frame.input, then };
  }
  return { output: frame.input, then: cases.find(({ when }) => when === undefined)?.then };
};
