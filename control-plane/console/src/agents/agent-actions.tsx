/**
 * What people do with an agent in its state. Bound to what the page shows (ADR 0050): who comes second is told, and nothing is
 * done.
 */
import type { Agent, AgentAction } from '@casare/shared/api';
import { api as endpoints, ApiError, type Tagged } from '@casare/shared/client';
import { useState } from 'react';
import { useSession } from '../session.tsx';
import { Asks } from '../ui/asks.tsx';
import { Confirm } from '../ui/confirm.tsx';
import { Fault } from '../ui/fault.tsx';
import { useAct } from '../ui/use-act.ts';
import { ACTIONS, DONE } from './agent-words.ts';
import { ChangedBy } from './changed-by.tsx';

interface AgentActionsProps {
  readonly seen: Tagged<Agent>;
  readonly onChanged: () => void;
}

/** At once, without a question: they can be taken back. */
const PLAIN = { approve: 'Approve', pause: 'Pause', resume: 'Resume', drain: 'Drain', unlock: 'Unlock' } as const;
/** What somebody comes to the page for, in a state that has it. */
const MAIN: readonly AgentAction[] = ['approve', 'resume', 'unlock'];

export function AgentActions({ seen, onChanged }: AgentActionsProps) {
  const { api } = useSession();
  const { id, name, state } = seen.value;
  const { error, done, act } = useAct();
  const [late, setLate] = useState(false);
  const does = (action: AgentAction) =>
    act(async () => {
      setLate(false);
      try {
        await api.call(endpoints.agents.act, { params: { id, action }, ifMatch: seen.etag ?? undefined });
      } catch (failure) {
        if (failure instanceof ApiError && failure.problem.code === 'PRECONDITION_FAILED') {
          setLate(true);
          onChanged();
        }
        throw failure;
      }
      onChanged();
      return DONE[action];
    });
  const may = ACTIONS[state];
  return (
    <>
      <div className="tools">
        {Object.entries(PLAIN).map(([action, label]) =>
          may.includes(action as AgentAction) ? (
            <button
              key={action}
              type="button"
              className={MAIN.includes(action as AgentAction) ? 'main' : undefined}
              onClick={() => void does(action as AgentAction)}
            >
              {label}
            </button>
          ) : null,
        )}
        {may.includes('lock') && (
          <Confirm
            label="Lock"
            title={`Lock ${name}?`}
            keep="Let it be"
            confirm="Lock the agent"
            onConfirmed={() => void does('lock')}
          >
            <p>Its sessions end at once, and it kills what it runs as soon as it notices.</p>
          </Confirm>
        )}
        {may.includes('decommission') && (
          <Asks
            label="Decommission"
            title={`Send ${name} away for good?`}
            means="Its certificates are revoked and it never comes back: the machine would have to enrol anew."
            field="To confirm, type decommission"
            word="decommission"
            keep="Keep it"
            confirm="Decommission the agent"
            danger
            onConfirmed={() => does('decommission')}
          />
        )}
        <span role="status">{done}</span>
      </div>
      {error !== null && <Fault error={error} />}
      {late && <ChangedBy agent={id} />}
    </>
  );
}
