/**
 * `emit`: a CloudEvent (1.0) as the task's output. The record of the step carries it to the control plane; an event
 * that an earlier attempt recorded is not made again.
 */
import { randomUUID } from 'node:crypto';
import type { EmitTask, Json } from '@casare/shared/workflow';
import { definitionOf } from './evaluate.ts';
import type { TaskHandler } from './frame.ts';

export const runEmit: TaskHandler<EmitTask> = async (task, frame) => {
  const { journal, options } = frame.run;
  const recorded = journal.at(frame.position);
  if (recorded.state === 'completed') return { output: recorded.output, settled: true };
  const event = (await definitionOf(frame).template(task.emit.event.with as Json)) as Readonly<Record<string, Json>>;
  return {
    output: {
      specversion: '1.0',
      id: randomUUID(),
      source: `urn:casare:run:${options.runId}`,
      time: new Date(options.clock.now()).toISOString(),
      ...event,
    },
  };
};
