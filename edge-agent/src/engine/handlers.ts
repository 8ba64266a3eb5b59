/** The kinds of tasks: one handler each, in a file of its own. */
import { classify, type Task, type TaskKind } from '@casare/shared/workflow';
import { runCall } from './call-task.ts';
import { runDo } from './do-task.ts';
import { runEmit } from './emit-task.ts';
import { runFor } from './for-task.ts';
import { runFork } from './fork-task.ts';
import type { Frame, Raw, TaskHandler } from './frame.ts';
import { runRaise } from './raise-task.ts';
import { runSet } from './set-task.ts';
import { runSubWorkflow } from './run-task.ts';
import { runSwitch } from './switch-task.ts';
import { runTry } from './try-task.ts';
import { runWait } from './wait-task.ts';

type TaskOf<Kind extends TaskKind> = Extract<ReturnType<typeof classify>, { kind: Kind }>['task'];

const HANDLERS: { readonly [Kind in TaskKind]: TaskHandler<TaskOf<Kind>> } = {
  call: runCall,
  do: runDo,
  emit: runEmit,
  for: runFor,
  fork: runFork,
  raise: runRaise,
  run: runSubWorkflow,
  set: runSet,
  switch: runSwitch,
  try: runTry,
  wait: runWait,
};

/** Does what the frame's task is there for. */
export function runHandler(frame: Frame): Promise<Raw> {
  const { kind, task } = classify(frame.task);
  // The table has, for every kind, a handler of that kind's type; TypeScript cannot follow a pair through an index.
  return (HANDLERS[kind] as TaskHandler<Task>)(task, frame);
}
