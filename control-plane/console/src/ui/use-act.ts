/** Something that a button does: busy while it is done, and then what was done or why not. */
import { useState } from 'react';

export interface Act {
  readonly busy: boolean;
  readonly error: unknown;
  /** What was done, in words; empty before. */
  readonly done: string;
  /** `work` says what was done. The button may be gone afterwards: the heading gets the focus that nothing has. */
  readonly act: (work: () => Promise<string>) => Promise<void>;
}

export function useAct(): Act {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [done, setDone] = useState('');
  const act = async (work: () => Promise<string>) => {
    setBusy(true);
    setError(null);
    setDone('');
    try {
      setDone(await work());
      document.querySelector<HTMLElement>('h1')?.focus();
    } catch (failure) {
      setError(failure);
    }
    setBusy(false);
  };
  return { busy, error, done, act };
}
