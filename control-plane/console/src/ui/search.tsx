/** Finding in a list by what somebody types. */
import { useState } from 'react';
import type { PagerProps } from './use-pages.tsx';
import { useSettled } from './use-settled.ts';

export interface Search {
  readonly typed: string;
  /** What the control plane is asked for: what was typed, a moment after the last key; empty for all. */
  readonly q: string;
  readonly find: (text: string) => void;
}

export function useSearch(): Search {
  const [typed, find] = useState('');
  return { typed, q: useSettled(typed.trim()), find };
}

interface SearchFieldProps {
  /** Such as `Name contains`. */
  readonly label: string;
  readonly search: Search;
  readonly pager: PagerProps;
}

/** Whoever types is on the first page again. */
export function SearchField({ label, search, pager }: SearchFieldProps) {
  const find = (text: string) => {
    search.find(text);
    pager.onTurn(null);
  };
  return (
    <label className="filter">
      {label} <input type="search" value={search.typed} onChange={({ target }) => find(target.value)} maxLength={200} />
    </label>
  );
}
