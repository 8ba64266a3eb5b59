/** A JSON value as text; long ones are cut, and said to be. */
import type { Job } from '@casare/shared/api';

const CHARS = 20_000;

export function Json({ value }: { value: Job['input'] }) {
  const text = JSON.stringify(value, null, 2);
  return (
    <>
      <pre tabIndex={0}>{text.slice(0, CHARS)}</pre>
      {text.length > CHARS && (
        <p className="faint">
          Cut after {CHARS.toLocaleString('en')} characters. The whole value is in the record of the run.
        </p>
      )}
    </>
  );
}
