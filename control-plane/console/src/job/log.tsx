/** The log lines of a run, oldest first. */
import type { LogLine } from '@casare/shared/api';
import { memo } from 'react';
import { exactWords } from '../words.ts';
import { LINES } from './run-record.ts';

export const Log = memo(function Log({ lines }: { lines: readonly LogLine[] }) {
  return (
    <section aria-labelledby="log-title">
      <h2 id="log-title">Log</h2>
      {lines.length === 0 && <p className="empty">Nothing was logged.</p>}
      {lines.length >= LINES && (
        <p className="faint">At most {LINES.toLocaleString('en')} lines are shown here. The API has all of them.</p>
      )}
      {lines.length > 0 && (
        <ol className="log" tabIndex={0} aria-labelledby="log-title">
          {lines.map(({ attempt, seq, at, level, message }) => (
            <li key={`${attempt}:${seq}`} data-level={level}>
              <time dateTime={at} title={exactWords(at)}>
                {at.slice(11, 23)}
              </time>
              <span className="level">{level}</span>
              <span className="message">{message}</span>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
});
