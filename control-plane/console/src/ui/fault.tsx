/** An error in words, announced when it appears. */
import { ApiError } from '@casare/shared/client';
import { wordsOf } from '../words.ts';

export function Fault({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const details = error instanceof ApiError ? (error.problem.problems ?? []) : [];
  return (
    <div className="fault" role="alert">
      <p>
        {wordsOf(error)} {error instanceof ApiError && <code>{error.problem.code}</code>}
      </p>
      {details.length > 0 && (
        <ul>
          {details.map(({ path, message }, index) => (
            <li key={index}>
              {path !== '' && <code>{path}</code>} {message}
            </li>
          ))}
        </ul>
      )}
      {onRetry && (
        <button type="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}
