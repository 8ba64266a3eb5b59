/** Says whether what is shown follows the control plane, and what to do when it does not. */
import type { LiveStatus } from './use-live.ts';

const WORDS: Readonly<Record<LiveStatus, string>> = {
  connecting: 'Connecting',
  live: 'Live',
  broken: 'Not live: trying to reconnect',
  stopped: 'Not live: load the page again',
};

export function LiveMark({ status }: { status: LiveStatus }) {
  return (
    <span className="live" data-live={status} role="status">
      {WORDS[status]}
    </span>
  );
}
