/** For tests: assignments and events as they occur. */
import { randomUUID } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import type { JobAssign, RunEventBody } from '@casare/shared/protocol';
import { ALL_LANES, eventTable } from './outbox.schema.ts';

/** A valid assignment of a workflow with the given task list. */
export function assignment(
  change: Partial<JobAssign> = {},
  tasks: unknown[] = [{ one: { set: { a: 1 } } }],
): JobAssign {
  const document = {
    document: { dsl: '1.0.3', namespace: 'test', name: 'small', version: '1.0.0' },
    do: tasks,
  };
  return {
    type: 'job.assign',
    jobId: randomUUID(),
    attempt: 1,
    generation: 1,
    workflow: {
      namespace: 'test',
      name: 'small',
      version: '1.0.0',
      digest: 'a'.repeat(64),
      document: document as JobAssign['workflow']['document'],
    },
    input: {},
    secrets: {},
    slot: 'plain',
    onDisconnect: 'continue',
    journal: [],
    artifacts: [],
    ...change,
  };
}

export function logLine(message: string): RunEventBody {
  return { type: 'run.log', level: 'info', message };
}

export function stepStarted(position: string, onRestart: 'rerun' | 'suspend' | 'verify' = 'suspend'): RunEventBody {
  const effect = ({ rerun: 'idempotent', suspend: 'unsafe', verify: 'checkable' } as const)[onRestart];
  return { type: 'step.started', path: position, position, name: 'step', task: 'call', effect, onRestart };
}

export function stepCompleted(position: string): RunEventBody {
  return { type: 'step.completed', path: position, position, output: null, durationMs: 1 };
}

/** As if everything in the outbox, which nobody has open, had been recorded at that time. */
export function recordedAt(file: string, at: Date): void {
  const database = new DatabaseSync(file);
  for (const lane of ALL_LANES) database.exec(`UPDATE ${eventTable(lane)} SET at = '${at.toISOString()}'`);
  database.close();
}
