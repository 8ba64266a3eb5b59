/** Runs that die and are resumed, as an agent that is started again does with what it has recorded. */
import type { RunEvent } from '@casare/shared/protocol';
import { type Ran, runIt, type RunSetup } from './engine-for-tests.ts';

/** A run that may die several times, each attempt with the journal of all before it. */
export async function runUntilEnd(
  document: Parameters<typeof runIt>[0],
  setup: RunSetup,
  deaths: readonly number[],
): Promise<Ran & { readonly journal: readonly RunEvent[] }> {
  let journal: RunEvent[] = [];
  for (const dieAfter of [...deaths, Number.MAX_SAFE_INTEGER]) {
    const events: RunEvent[] = [];
    const ran = await runIt(document, { ...setup, journal, dieAfter }, events).catch((thrown: unknown) => {
      if ((thrown as Error).name !== 'RecordingFailed') throw thrown;
      return null;
    });
    journal = [...journal, ...events];
    if (ran !== null) return { ...ran, journal };
  }
  throw new Error('the last attempt cannot die');
}
