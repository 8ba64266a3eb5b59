/** The viewer of a run record: a time line of its steps, the step that is chosen, and the screen at any time of the run. */
import { useCallback, useDeferredValue, useEffect, useMemo, useRef, useState } from 'react';
import { Log } from '../job/log.tsx';
import { LINES } from '../job/run-record.ts';
import { framesOf } from '../record/evidence.ts';
import { RunFilesProvider } from '../record/run-files.tsx';
import { StepDetails } from '../record/step-details.tsx';
import { StateBadge } from '../ui/state-badge.tsx';
import { Title } from '../ui/title.tsx';
import { actOf, fieldOf, type KeyAct } from './keys.ts';
import type { LoadedRun } from './load.ts';
import { matching, ROWS, rowAt, rowsOf, searchTexts, spanOf, type Row } from './rows.ts';
import { RunOverview } from './run-overview.tsx';
import { Scrubber, Stage } from './scrubber.tsx';
import { Timeline } from './timeline.tsx';

export function Viewer({ loaded: { run, steps, lines, files } }: { loaded: LoadedRun }) {
  const { job, artifacts } = run;
  const span = useMemo(() => spanOf(steps, [job.startedAt, job.endedAt]), [steps, job]);
  const rows = useMemo(() => rowsOf(steps, span), [steps, span]);
  const frames = useMemo(() => framesOf(steps, artifacts), [steps, artifacts]);
  const textOf = useMemo(searchTexts, []);
  const [query, setQuery] = useState('');
  const [time, setTime] = useState(span.to);
  const [selected, setSelected] = useState<string | null>(null);
  const search = useRef<HTMLInputElement>(null);
  const asked = useDeferredValue(query);
  const shown = useMemo(() => matching(rows, asked, textOf), [rows, asked, textOf]);
  const row = useMemo(() => rows.find(({ key }) => key === selected) ?? null, [rows, selected]);
  const hasAttempts = useMemo(() => rows.some(({ step }) => step.attempt !== rows[0]!.step.attempt), [rows]);
  const its = useMemo(() => (row === null ? [] : linesOf(row, lines)), [row, lines]);

  const select = useCallback(
    (to: Row | null) => {
      setSelected(to?.key ?? null);
      setTime(to?.to ?? span.to);
    },
    [span],
  );
  const travel = (to: number) => {
    setTime(to);
    setSelected(rowAt(rows, to)?.key ?? null);
  };
  const act = (what: KeyAct) => {
    if (what === 'search') search.current?.focus();
    else if (what === 'overview') {
      setQuery('');
      search.current?.blur();
      select(null);
    } else select(moved(shown, selected, what));
  };
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const what = actOf(event, fieldOf(event.target));
      if (what === null) return;
      event.preventDefault();
      act(what);
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  });

  return (
    <RunFilesProvider value={files}>
      <header className="bar">
        <Title>{`${job.workflow.namespace}/${job.workflow.name}`}</Title>
        <span className="faint">{job.workflow.version}</span>
        <StateBadge state={job.state} />
        <button type="button" onClick={() => select(null)} aria-pressed={row === null}>
          The whole run
        </button>
        <label className="search">
          <span className="unseen">Search the steps</span>
          <input
            ref={search}
            type="search"
            placeholder="Search ( / )"
            value={query}
            onChange={(event) => setQuery(event.currentTarget.value)}
          />
        </label>
        <span className="faint" role="status">
          {asked === '' ? `${rows.length} steps` : `${shown.length} of ${rows.length} steps`}
        </span>
      </header>
      <Scrubber span={span} time={time} frames={frames} onTime={travel} />
      <div className="panes">
        <nav aria-label="Steps">
          {rows.length >= ROWS && <p className="faint">The first {ROWS.toLocaleString('en')} steps are shown.</p>}
          {shown.length === 0 && <p className="empty">{rows.length === 0 ? 'No step ran.' : 'No step has that.'}</p>}
          <Timeline rows={shown} span={span} selected={selected} hasAttempts={hasAttempts} onSelect={select} />
          <p className="faint hint">↓ ↑ or j k: next and previous step · / search · Esc the whole run</p>
        </nav>
        <main>
          {row === null ? (
            <RunOverview run={run} lines={lines} />
          ) : (
            <>
              <h2>{row.step.name}</h2>
              <StateBadge state={row.step.state} />
              <StepDetails key={row.key} step={row.step} files={artifacts} missing={missingOf(row, run)} />
              <Log lines={its} />
            </>
          )}
        </main>
        <aside>
          <Stage
            time={time}
            frames={frames}
            onGo={({ step }) => select(rows.find((other) => other.step === step) ?? null)}
          />
        </aside>
      </div>
    </RunFilesProvider>
  );
}

/** The row that a key leads to; from none, next is the first and previous the last. */
function moved(rows: readonly Row[], selected: string | null, act: Exclude<KeyAct, 'search' | 'overview'>): Row | null {
  const at = rows.findIndex(({ key }) => key === selected);
  const last = rows.length - 1;
  const to = { first: 0, last, next: Math.min(at + 1, last), previous: at === -1 ? last : Math.max(at - 1, 0) }[act];
  return rows[to] ?? null;
}

/** What of the step's evidence is not in the record. */
function missingOf({ step }: Row, { missing }: LoadedRun['run']): LoadedRun['run']['missing'] {
  return missing.filter(({ attempt, position }) => attempt === step.attempt && position === step.position);
}

/** What was logged while the step ran. */
function linesOf({ step, from, to }: Row, lines: LoadedRun['lines']): LoadedRun['lines'] {
  const isOf = ({ attempt, at }: LoadedRun['lines'][number]): boolean =>
    attempt === step.attempt && Date.parse(at) >= from && Date.parse(at) <= to;
  return lines.filter(isOf).slice(0, LINES);
}
