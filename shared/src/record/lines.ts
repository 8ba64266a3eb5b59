/** What of a record is a line of the run's log: what steps wrote, and that the run stood still. */
import type { RunEventBody } from '../protocol/run-events.ts';

/** Events that are lines. */
export const LINES = ['run.log', 'run.paused', 'run.resumed'] as const satisfies readonly RunEventBody['type'][];

/** The line that an event is; null for one that is none. */
export function lineOf(body: RunEventBody): { readonly level: string; readonly message: string } | null {
  switch (body.type) {
    case 'run.log':
      return { level: body.level, message: body.message };
    case 'run.paused':
      return { level: 'info', message: 'The run is paused: no step starts until it is resumed.' };
    case 'run.resumed':
      return { level: 'info', message: 'The run goes on.' };
    default:
      return null;
  }
}
