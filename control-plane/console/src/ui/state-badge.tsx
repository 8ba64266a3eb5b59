/** A state as a word with a mark; never by colour alone. */
import type { JobState, Step } from '@casare/shared/api';
import { STATE_WORDS } from '../words.ts';

export function StateBadge({ state }: { state: JobState | Step['state'] }) {
  return (
    <span className="badge" data-state={state}>
      {STATE_WORDS[state]}
    </span>
  );
}
