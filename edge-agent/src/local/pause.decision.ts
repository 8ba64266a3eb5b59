/** When a local run waits for its author: at every step, or where a step is called as a breakpoint says. Pure. */
import type { RunEventBody } from '@casare/shared/protocol';

type Started = Extract<RunEventBody, { type: 'step.started' }>;

export interface Pauses {
  /** Before every step that acts. */
  readonly every: boolean;
  /** Names of tasks, their calls (`browser.click`), or their paths (`/do/2/save`). */
  readonly at: readonly string[];
}

/** True when the run is to wait before this step. Tasks that only hold others are passed over, unless a breakpoint names them. */
export function pausesAt(pauses: Pauses, started: Started): boolean {
  const names = [started.name, started.path, started.position, started.call?.split(':')[0]];
  return (pauses.every && started.call !== undefined) || pauses.at.some((at) => names.includes(at));
}

/** What the author said at a pause. */
export type Said = 'next' | 'go' | 'quit' | 'input' | 'help';

/** Reads an answer; anything unknown asks for help. */
export function readAnswer(answer: string | null): Said {
  if (answer === null) return 'quit';
  switch (answer.trim().toLowerCase()) {
    case '':
    case 'n':
      return 'next';
    case 'c':
    case 'g':
      return 'go';
    case 'q':
      return 'quit';
    case 'i':
      return 'input';
    default:
      return 'help';
  }
}
