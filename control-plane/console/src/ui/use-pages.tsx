/** A list that is shown page by page. */
import { useCallback, useState } from 'react';
import { useLoaded, type Loaded } from './use-loaded.ts';

/** What every list of the API takes. */
export interface PageAsk {
  readonly limit: number;
  readonly cursor?: string;
}

interface PageOf<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

export interface Pages<T> extends Loaded<PageOf<T>> {
  readonly pager: PagerProps;
}

const PAGE = 50;

/** `load` keeps its identity (`useCallback`) while it means the same. Whoever changes a filter turns to the first page, `onTurn(null)`. */
export function usePages<T>(
  load: (ask: PageAsk, signal: AbortSignal) => Promise<PageOf<T>>,
  everyMs?: number,
  limit = PAGE,
): Pages<T> {
  const [cursor, setCursor] = useState<string | null>(null);
  const page = useCallback(
    (signal: AbortSignal) => load({ limit, ...(cursor !== null && { cursor }) }, signal),
    [load, cursor, limit],
  );
  const loaded = useLoaded(page, everyMs);
  return { ...loaded, pager: { cursor, next: loaded.value?.nextCursor ?? null, onTurn: setCursor } };
}

export interface PagerProps {
  readonly cursor: string | null;
  readonly next: string | null;
  readonly onTurn: (cursor: string | null) => void;
}

/** The buttons below a list; nothing where there is one page. */
export function Pager({ cursor, next, onTurn }: PagerProps) {
  if (cursor === null && next === null) return null;
  return (
    <div className="tools more">
      {cursor !== null && (
        <button type="button" onClick={() => onTurn(null)}>
          First page
        </button>
      )}
      {next !== null && (
        <button type="button" onClick={() => onTurn(next)}>
          Next page
        </button>
      )}
    </div>
  );
}
