/** The steps as a time line: one row each, nested, with a bar that shows when. */
import { memo, useEffect, useRef } from 'react';
import { StateBadge } from '../ui/state-badge.tsx';
import { durationWords } from '../words.ts';
import type { Row, Span } from './rows.ts';

interface TimelineProps {
  readonly rows: readonly Row[];
  readonly span: Span;
  readonly selected: string | null;
  readonly hasAttempts: boolean;
  readonly onSelect: (row: Row) => void;
}

export function Timeline({ rows, span, selected, hasAttempts, onSelect }: TimelineProps) {
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    list.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest' });
  }, [selected]);
  return (
    <ol className="timeline" ref={list} aria-label="Steps">
      {rows.map((row) => (
        <TimelineRow
          key={row.key}
          row={row}
          span={span}
          isSelected={row.key === selected}
          heading={hasAttempts && row.isFirstOfAttempt}
          onSelect={onSelect}
        />
      ))}
    </ol>
  );
}

interface RowProps extends Pick<TimelineProps, 'span' | 'onSelect'> {
  readonly row: Row;
  readonly isSelected: boolean;
  /** Says which attempt begins. */
  readonly heading: boolean;
}

/** There may be thousands: only those that change are drawn again. */
const TimelineRow = memo(function TimelineRow({ row, span, isSelected, heading, onSelect }: RowProps) {
  return (
    <li>
      {heading && <h3>Attempt {row.step.attempt}</h3>}
      <button type="button" aria-current={isSelected ? 'step' : undefined} onClick={() => onSelect(row)}>
        <RowText row={row} />
        <Bar row={row} span={span} />
      </button>
    </li>
  );
});

function RowText({ row: { step, turn, depth } }: { row: Row }) {
  return (
    <span className="row-text" style={{ paddingLeft: `${Math.min(depth, 12) * 14}px` }}>
      <StateBadge state={step.state} />
      <span className="name">
        {step.name}
        {turn?.kind === 'turn' && <span className="turn">#{turn.n}</span>}
        {turn?.kind === 'try' && turn.n > 1 && <span className="turn">try {turn.n}</span>}
      </span>
      <code className="call">{step.call ?? step.task}</code>
      <span className="took">{step.durationMs === null ? '' : durationWords(step.durationMs)}</span>
    </span>
  );
}

function Bar({ row: { from, to, step }, span }: { row: Row; span: Span }) {
  const all = span.to - span.from;
  const left = ((from - span.from) / all) * 100;
  const width = Math.max(0.4, ((to - from) / all) * 100);
  return (
    <span className="track" aria-hidden="true">
      <span
        className="bar-of-time"
        data-state={step.state}
        style={{ left: `${Math.min(left, 99.6)}%`, width: `${Math.min(width, 100 - Math.min(left, 99.6))}%` }}
      />
    </span>
  );
}
