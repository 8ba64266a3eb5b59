/** `wait`: a pause. A resumed run waits only for what is left of it. */
import type { WaitTask } from '@casare/shared/workflow';
import { definitionOf } from './evaluate.ts';
import type { TaskHandler } from './frame.ts';

export const runWait: TaskHandler<WaitTask> = async (task, frame) => {
  const { clock } = frame.run.options;
  if (frame.run.journal.at(frame.position).state === 'completed') return { output: frame.input };
  const ms = await definitionOf(frame).duration(task.wait);
  const left = frame.startedAt + ms - clock.now();
  if (left > 0) await frame.run.pause.aside(() => clock.sleep(left, frame.signal));
  return { output: frame.input };
};
