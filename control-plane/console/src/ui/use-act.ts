/**
 * Something that a button does, one at a time, and then what was done or why not. Buttons are not disabled meanwhile: that
 * would take the focus from them.
 */
import { useRef, useState } from 'react';

export interface Act {
  readonly error: unknown;
  /** What was done, in words; empty before. */
  readonly done: string;
  /** `work` says what was done. The button is gone afterwards, so the heading gets the focus, unless it stays. */
  readonly act: (work: () => Promise<string>, options?: { readonly stay?: boolean }) => Promise<void>;
}

export function useAct(): Act {
  const [error, setError] = useState<unknown>(null);
  const [done, setDone] = useState('');
  const under = useRef(false);
  const act: Act['act'] = async (work, { stay = false } = {}) => {
    if (under.current) return;
    under.current = true;
    setError(null);
    setDone('');
    try {
      setDone(await work());
      if (!stay) document.querySelector<HTMLElement>('h1')?.focus();
    } catch (failure) {
      setError(failure);
    }
    under.current = false;
  };
  return { error, done, act };
}
