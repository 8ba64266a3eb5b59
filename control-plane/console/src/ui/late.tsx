/**
 * A page whose code is loaded when it is asked for, so that the pages that most people open stay small; `loadEarly` takes
 * them all while nothing else is to be done, so that a change of page waits for nothing.
 */
import { useCallback, useState, type FunctionComponent } from 'react';
import { Fault } from './fault.tsx';
import { Loading } from './loading.tsx';
import { useLoaded } from './use-loaded.ts';

const early: (() => Promise<unknown>)[] = [];

export function late<Props extends object>(load: () => Promise<FunctionComponent<Props>>): FunctionComponent<Props> {
  let known: FunctionComponent<Props> | null = null;
  const once = async () => (known = await load());
  early.push(once);
  function Wait(props: Props) {
    const asked = useCallback(async () => ({ Page: await once() }), []);
    const { value, error, refresh } = useLoaded(asked);
    if (value !== null) return <value.Page {...props} />;
    if (error !== null) return <Fault error={new Error(GONE)} onRetry={refresh} />;
    return <Loading what="Loading the page" />;
  }
  return function Late(props: Props) {
    // It stays what it was: another one would begin anew.
    const [Page] = useState(() => known ?? Wait);
    return <Page {...props} />;
  };
}

const GONE =
  'This page could not be loaded. Try again; if it stays so, load the whole page anew: it may have been updated.';

/** Loads every page's code; what fails is asked for again when it is needed. */
export function loadEarly(): void {
  for (const load of early) load().catch(() => undefined);
}
