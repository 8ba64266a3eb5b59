/** Time travel: a slider over the time of the run, and the newest picture of the screen at that time. */
import { Picture } from '../record/picture.tsx';
import { durationWords } from '../words.ts';
import { frameAt, type Frame } from '../record/evidence.ts';
import type { Span } from './rows.ts';

interface ScrubberProps {
  readonly span: Span;
  readonly time: number;
  readonly frames: readonly Frame[];
  readonly onTime: (time: number) => void;
}

export function Scrubber({ span, time, frames, onTime }: ScrubberProps) {
  const offset = Math.round(Math.min(Math.max(time, span.from), span.to) - span.from);
  return (
    <div className="scrubber">
      <label>
        <span>Time</span>
        <input
          type="range"
          min={0}
          max={Math.ceil(span.to - span.from)}
          value={offset}
          aria-valuetext={`${durationWords(offset)} after the start`}
          onChange={(event) => onTime(span.from + Number(event.currentTarget.value))}
        />
        <output>+{durationWords(offset)}</output>
      </label>
      {frames.length > 0 && (
        <datalist className="ticks" aria-hidden="true">
          {frames.slice(0, TICKS).map(({ at, file }) => (
            <span key={file.id} style={{ left: `${((at - span.from) / (span.to - span.from)) * 100}%` }} />
          ))}
        </datalist>
      )}
    </div>
  );
}

const TICKS = 500;

/** The newest picture at the time, and which step it is of. */
export function Stage({
  time,
  frames,
  onGo,
}: Pick<ScrubberProps, 'time' | 'frames'> & { onGo: (frame: Frame) => void }) {
  const frame = frameAt(frames, time);
  if (frame === null) return <p className="empty">No picture of the screen was kept.</p>;
  const name = frame.step?.name ?? frame.file.name;
  return (
    <section className="stage" aria-label="The screen at this time">
      <Picture key={frame.file.id} file={frame.file} of={name} alt={`The screen at this time: “${name}”`} />
      {frame.step !== null && (
        <button type="button" onClick={() => onGo(frame)}>
          Go to “{name}”
        </button>
      )}
    </section>
  );
}
