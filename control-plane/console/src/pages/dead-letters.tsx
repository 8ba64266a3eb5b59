/** Jobs that failed and that nobody tries again by itself: looked through, run again, or put away. */
import { DeadReason, type DeadLetter } from '@casare/shared/api';
import { api as endpoints } from '@casare/shared/client';
import { useCallback, useState } from 'react';
import { Counts } from '../dead-letters/counts.tsx';
import { PutAway } from '../dead-letters/put-away.tsx';
import { Link, navigate } from '../router.tsx';
import { useSession } from '../session.tsx';
import { Fault } from '../ui/fault.tsx';
import { Loading } from '../ui/loading.tsx';
import { Table } from '../ui/table.tsx';
import { Title } from '../ui/title.tsx';
import { useLoaded } from '../ui/use-loaded.ts';
import { Ago } from '../ui/when.tsx';
import { DEAD_WORDS } from '../words.ts';

const PAGE = 50;
const AGAIN_MS = 10_000;

export function DeadLettersPage({ reason }: { reason: DeadReason | null }) {
  const { api } = useSession();
  const [cursor, setCursor] = useState<string | null>(null);
  const load = useCallback(
    (signal: AbortSignal) => {
      const query = { limit: PAGE, ...(reason && { reason }), ...(cursor !== null && { cursor }) };
      return api.call(endpoints.deadLetters.list, { query, signal });
    },
    [api, reason, cursor],
  );
  const { value, error, refresh } = useLoaded(load, AGAIN_MS);
  return (
    <>
      <div className="head">
        <Title>Dead letters</Title>
        <ReasonFilter reason={reason} />
      </div>
      <p className="faint">Jobs that failed and are not tried again by themselves.</p>
      <Counts reason={reason} />
      {error !== null && <Fault error={error} onRetry={refresh} />}
      {value === null && error === null && <Loading what="Loading dead letters" />}
      {value?.items.length === 0 && (
        <p className="empty">
          {reason === null ? 'No dead letters.' : `None with the reason “${DEAD_WORDS[reason]}”.`}
        </p>
      )}
      {value !== null && value.items.length > 0 && <Letters letters={value.items} onChanged={refresh} />}
      <div className="tools">
        {cursor !== null && (
          <button type="button" className="more" onClick={() => setCursor(null)}>
            Show the newest
          </button>
        )}
        {value?.nextCursor != null && (
          <button type="button" className="more" onClick={() => setCursor(value.nextCursor)}>
            Show older ones
          </button>
        )}
      </div>
    </>
  );
}

function ReasonFilter({ reason }: { reason: DeadReason | null }) {
  const choose = (value: string) =>
    navigate({ page: 'dead-letters', reason: DeadReason.safeParse(value).data ?? null });
  return (
    <label className="filter">
      Reason
      <select value={reason ?? ''} onChange={(event) => choose(event.target.value)}>
        <option value="">All</option>
        {DeadReason.options.map((option) => (
          <option key={option} value={option}>
            {DEAD_WORDS[option]}
          </option>
        ))}
      </select>
    </label>
  );
}

function Letters({ letters, onChanged }: { letters: readonly DeadLetter[]; onChanged: () => void }) {
  const { api } = useSession();
  const [marked, setMarked] = useState<ReadonlySet<string>>(new Set());
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState('');
  const [error, setError] = useState<unknown>(null);
  // Those that are gone are not chosen any more.
  const chosen = letters.filter(({ id }) => marked.has(id)).map(({ id }) => id);
  const act = async (action: typeof endpoints.deadLetters.retry | typeof endpoints.deadLetters.purge, what: string) => {
    setBusy(true);
    setError(null);
    try {
      const { ids, refused } = await api.call(action, { body: { ids: chosen } });
      setDone(`${ids.length} ${what}${refused.length > 0 ? `, ${refused.length} were none any more` : ''}.`);
      setMarked(new Set());
      // The button that had the focus cannot be used now.
      document.querySelector<HTMLElement>('h1')?.focus();
      onChanged();
    } catch (failure) {
      setError(failure);
    }
    setBusy(false);
  };
  const mark = (ids: readonly string[], on: boolean) =>
    setMarked((before) => {
      const after = new Set(before);
      for (const id of ids) if (on) after.add(id);
      for (const id of ids) if (!on) after.delete(id);
      return after;
    });
  const all = letters.map(({ id }) => id);
  return (
    <>
      <div className="tools">
        <label>
          <input
            type="checkbox"
            checked={chosen.length === all.length}
            onChange={(event) => mark(all, event.target.checked)}
          />{' '}
          All on this page
        </label>
        <button
          type="button"
          className="main"
          disabled={busy || chosen.length === 0}
          onClick={() => void act(endpoints.deadLetters.retry, 'run again')}
        >
          Run again
        </button>
        <PutAway
          count={chosen.length}
          disabled={busy}
          onConfirmed={() => void act(endpoints.deadLetters.purge, 'put away')}
        />
        <span role="status">{chosen.length > 0 ? `${chosen.length} chosen` : done}</span>
      </div>
      {error !== null && <Fault error={error} />}
      <Table caption="Dead letters, newest first" columns={['Job', 'Reason', 'Error', 'Attempts', 'Agent', 'Failed']}>
        {letters.map((letter) => (
          <LetterRow key={letter.id} letter={letter} marked={marked.has(letter.id)} onMark={mark} />
        ))}
      </Table>
    </>
  );
}

interface LetterRowProps {
  readonly letter: DeadLetter;
  readonly marked: boolean;
  readonly onMark: (ids: readonly string[], on: boolean) => void;
}

function LetterRow({ letter, marked, onMark }: LetterRowProps) {
  const { id, workflow, reason, error, attempts, agent, failedAt } = letter;
  const name = `${workflow.namespace}/${workflow.name}`;
  return (
    <tr role="row">
      <td role="cell">
        <input
          type="checkbox"
          aria-label={`Choose ${name} ${id.slice(-6)}`}
          checked={marked}
          onChange={(event) => onMark([id], event.target.checked)}
        />{' '}
        <Link to={{ page: 'job', id }}>{name}</Link>{' '}
        <span className="faint" title={id}>
          {workflow.version} · {id.slice(-6)}
        </span>
      </td>
      <td role="cell" data-label="Reason">
        {DEAD_WORDS[reason]}
      </td>
      <td role="cell" data-label="Error">
        {error === null ? <span className="faint">none</span> : (error.title ?? error.detail ?? 'It failed.')}{' '}
        {error !== null && <code>{error.code ?? error.status}</code>}
      </td>
      <td role="cell" data-label="Attempts">
        {attempts}
      </td>
      <td role="cell" data-label="Agent">
        {agent?.name ?? <span className="faint">removed</span>}
      </td>
      <td role="cell" data-label="Failed">
        <Ago time={failedAt} />
      </td>
    </tr>
  );
}
