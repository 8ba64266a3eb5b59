/**
 * The steps as a time line: one row each, nested, with a bar that shows when. There may be tens of thousands: only those in
 * view, the chosen one and the one that has the focus stand in the document, and each says which of how many it is.
 */
import { memo, useEffect, useLayoutEffect, useMemo, useRef, useState, type RefObject } from 'react';
import { flushSync } from 'react-dom';
import { StateBadge } from '../ui/state-badge.tsx';
import { durationWords } from '../words.ts';
import type { Row, Span } from './rows.ts';
import { placeOf, scrolledTo, topsOf, windowOf } from './visible-rows.ts';

interface TimelineProps {
  readonly rows: readonly Row[];
  readonly span: Span;
  readonly selected: string | null;
  readonly hasAttempts: boolean;
  readonly onSelect: (row: Row) => void;
}

export const Timeline = memo(function Timeline({ rows, span, selected, hasAttempts, onSelect }: TimelineProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const { place, height } = useView(scroller);
  const [focused, setFocused] = useState<string | null>(null);
  const hasHeading = (index: number): boolean => hasAttempts && rows[index]!.isFirstOfAttempt;
  const tops = useMemo(() => topsOf(rows.length, hasHeading), [rows, hasAttempts]);
  const indexOf = useMemo(() => new Map(rows.map(({ key }, index) => [key, index])), [rows]);
  useSelectedInView(scroller, tops, selected === null ? undefined : indexOf.get(selected));
  const [first, end] = windowOf(tops, place, height);
  const shown = new Set(Array.from({ length: end - first }, (_, index) => first + index));
  for (const key of [selected, focused]) {
    const index = key === null ? undefined : indexOf.get(key);
    if (index !== undefined) shown.add(index);
  }
  return (
    <div className="timeline" ref={scroller}>
      <ol aria-label="Steps" style={{ height: tops.at(-1) }} onBlur={() => setFocused(null)}>
        {[...shown]
          .sort((a, b) => a - b)
          .map((index) => (
            <TimelineRow
              key={rows[index]!.key}
              row={rows[index]!}
              place={{ index, of: rows.length, top: tops[index]! }}
              span={span}
              isSelected={rows[index]!.key === selected}
              heading={hasHeading(index)}
              onSelect={onSelect}
              onFocus={setFocused}
            />
          ))}
      </ol>
    </div>
  );
});

/** Where the list is scrolled to, and how much of it is seen. */
function useView(scroller: RefObject<HTMLDivElement | null>): { readonly place: number; readonly height: number } {
  const [place, setPlace] = useState(0);
  const [height, setHeight] = useState(1_000);
  useLayoutEffect(() => {
    const list = scroller.current!;
    const onResize = new ResizeObserver(() => setHeight(list.clientHeight));
    // At once: what is drawn a moment later leaves a hole where the list was scrolled to.
    const onScroll = (): void => flushSync(() => setPlace(placeOf(list.scrollTop)));
    onResize.observe(list);
    list.addEventListener('scroll', onScroll, { passive: true });
    return () => {
      onResize.disconnect();
      list.removeEventListener('scroll', onScroll);
    };
  }, [scroller]);
  return { place, height };
}

/** Scrolls to a row when it is chosen or the list changes; the focus goes along when another row had it. */
function useSelectedInView(
  scroller: RefObject<HTMLDivElement | null>,
  tops: Float64Array,
  index: number | undefined,
): void {
  useEffect(() => {
    const list = scroller.current!;
    if (index === undefined) return;
    list.scrollTop = scrolledTo(tops, index, list.scrollTop, list.clientHeight);
    if (list.contains(document.activeElement)) {
      list.querySelector<HTMLElement>('[aria-current]')?.focus({ preventScroll: true });
    }
  }, [scroller, tops, index]);
}

interface RowProps extends Pick<TimelineProps, 'span' | 'onSelect'> {
  readonly row: Row;
  readonly place: { readonly index: number; readonly of: number; readonly top: number };
  readonly isSelected: boolean;
  /** Says which attempt begins. */
  readonly heading: boolean;
  readonly onFocus: (key: string) => void;
}

/** Only rows that change are drawn again. */
const TimelineRow = memo(
  function TimelineRow({ row, place: { index, of, top }, span, isSelected, heading, onSelect, onFocus }: RowProps) {
    return (
      <li aria-posinset={index + 1} aria-setsize={of} aria-level={row.depth + 1} style={{ top }}>
        {heading && <h3>Attempt {row.step.attempt}</h3>}
        <button
          type="button"
          aria-current={isSelected ? 'step' : undefined}
          onClick={() => onSelect(row)}
          onFocus={() => onFocus(row.key)}
        >
          <RowText row={row} />
          <Bar row={row} span={span} />
        </button>
      </li>
    );
  },
  (before, after) =>
    before.row === after.row &&
    before.place.top === after.place.top &&
    before.place.of === after.place.of &&
    before.span === after.span &&
    before.isSelected === after.isSelected &&
    before.heading === after.heading &&
    before.onSelect === after.onSelect,
);

function RowText({ row: { step, turn, depth } }: { row: Row }) {
  const call = step.call ?? step.task;
  return (
    <span className="row-text" style={{ paddingLeft: `${Math.min(depth, 12) * 14}px` }}>
      <StateBadge state={step.state} />
      <span className="name" title={step.name}>
        {step.name}
        {turn?.kind === 'turn' && <span className="turn">#{turn.n}</span>}
        {turn?.kind === 'try' && turn.n > 1 && <span className="turn">try {turn.n}</span>}
      </span>
      <code className="call" title={call}>
        {call}
      </code>
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
