/**
 * A form that changes what somebody else may be changing too (ADR 0050): the update is bound to what the form was filled
 * from, and who comes second is told, and chooses.
 */
import { ApiError, type Tagged } from '@casare/shared/client';
import { useState } from 'react';
import { Fault } from './fault.tsx';
import { useAct } from './use-act.ts';

interface UpdateOptions<T, Body> {
  readonly get: () => Promise<Tagged<T>>;
  readonly put: (body: Body, ifMatch: string | undefined) => Promise<unknown>;
  /** It is saved, and this is how it is now. */
  readonly onSaved: (now: Tagged<T>, body: Body) => void;
}

export interface Update<T, Body> {
  /** What the form is filled from; `key={base.etag}` makes it begin anew when that is another. */
  readonly base: Tagged<T>;
  /** @throws what is wrong; who comes second gets a conflict instead. */
  readonly send: (body: Body) => Promise<void>;
  readonly conflict: { readonly mine: Body; readonly now: Tagged<T> } | null;
  readonly takeTheirs: () => void;
  readonly saveMine: () => Promise<void>;
}

/** `seen` counts when the form appears, not later: what it was filled from stays what it was. */
export function useUpdate<T, Body>(seen: Tagged<T>, { get, put, onSaved }: UpdateOptions<T, Body>): Update<T, Body> {
  const [base, setBase] = useState(seen);
  const [conflict, setConflict] = useState<Update<T, Body>['conflict']>(null);
  const send = async (body: Body, over: Tagged<T>) => {
    setConflict(null);
    try {
      await put(body, over.etag ?? undefined);
    } catch (error) {
      if (!(error instanceof ApiError) || error.problem.code !== 'PRECONDITION_FAILED') throw error;
      setConflict({ mine: body, now: await get() });
      return;
    }
    const now = await get();
    setBase(now);
    onSaved(now, body);
  };
  return {
    base,
    conflict,
    send: (body) => send(body, base),
    takeTheirs: () => {
      if (conflict !== null) setBase(conflict.now);
      setConflict(null);
    },
    saveMine: async () => {
      if (conflict !== null) await send(conflict.mine, conflict.now);
    },
  };
}

interface ConflictProps<T, Body> {
  /** Such as `schedule`. */
  readonly what: string;
  readonly update: Update<T, Body>;
  /** What is another now, in words. */
  readonly changes: (before: T, now: T) => readonly string[];
}

export function Conflict<T, Body>({ what, update, changes }: ConflictProps<T, Body>) {
  const { error, act } = useAct();
  const { base, conflict, takeTheirs, saveMine } = update;
  if (error !== null) return <Fault error={error} />;
  if (conflict === null) return null;
  const changed = changes(base.value, conflict.now.value).join(', ');
  return (
    <div className="fault" role="alert">
      <p>
        Somebody else changed this {what} after you opened it{changed !== '' && ` (${changed})`}. Nothing of yours was
        saved. <code>PRECONDITION_FAILED</code>
      </p>
      <div className="tools">
        <button type="button" onClick={takeTheirs}>
          Start again from theirs
        </button>
        <button type="button" className="danger" onClick={() => void act(() => saveMine().then(() => ''))}>
          Save mine over it
        </button>
      </div>
    </div>
  );
}
