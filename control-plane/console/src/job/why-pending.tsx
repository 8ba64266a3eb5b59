/** Why a job waits: what the control plane answers, for each agent. Asked again while the job stays pending. */
import type { WhyPending as Why } from '@casare/shared/api';
import { api as endpoints } from '@casare/shared/client';
import { useEffect, useState } from 'react';
import { Refresher } from '../live/refresher.ts';
import { useSession } from '../session.tsx';
import { wordsOf } from '../words.ts';

const AGAIN_MS = 10_000;

export function WhyPending({ id }: { id: string }) {
  const { api } = useSession();
  const [why, setWhy] = useState<Why | null>(null);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    const refresher = new Refresher(async (signal) => {
      try {
        setWhy(await api.call(endpoints.jobs.whyPending, { params: { id }, signal }));
        setError(null);
      } catch (failure) {
        if (!signal.aborted) setError(failure);
      }
    });
    refresher.ask();
    const timer = setInterval(() => refresher.ask(), AGAIN_MS);
    return () => {
      clearInterval(timer);
      refresher.stop();
    };
  }, [api, id]);
  return (
    <section aria-labelledby="why-title">
      <h2 id="why-title">Why it waits</h2>
      <p>{error === null ? (why?.summary ?? 'Asking …') : wordsOf(error)}</p>
      {why?.heldBy && <p className="faint">Held by {why.heldBy.code}.</p>}
      {why?.likelyStart && <p className="faint">Likely to start at {new Date(why.likelyStart).toLocaleString()}.</p>}
      {why !== null && many(why) && (
        <p className="faint">{why.counts.map(({ code, agents }) => `${agents} ${code}`).join(', ')}</p>
      )}
      {why !== null && why.agents.length > 0 && (
        <ul className="files">
          {why.agents.map((agent) => (
            <li key={agent.id}>
              <strong>{agent.name}</strong> <span className="faint">{agent.reason}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** More agents than are named. */
function many({ counts, agents }: Why): boolean {
  return counts.reduce((sum, count) => sum + count.agents, 0) > agents.length;
}
