/**
 * Who changed an agent last, as the audit log tells those who may read it. The log takes an entry in a moment after the change, so
 * it is asked again.
 */
import { api as endpoints } from '@casare/shared/client';
import { useCallback } from 'react';
import { useSession } from '../session.tsx';
import { useLoaded } from '../ui/use-loaded.ts';
import { Ago } from '../ui/when.tsx';

const AGAIN_MS = 1_000;
/** Entries that are looked through, the newest. */
const LOOKED = 100;

export function ChangedBy({ agent }: { agent: string }) {
  const { may } = useSession();
  return may('audit:read') ? <FromLog agent={agent} /> : null;
}

function FromLog({ agent }: { agent: string }) {
  const { api } = useSession();
  const load = useCallback(
    async (signal: AbortSignal) => {
      const query = { limit: LOOKED, sort: '-position' as const };
      const { items } = await api.call(endpoints.audit.list, { query, signal });
      const last = items.find(({ subject }) => subject === `agent:${agent}`);
      if (last === undefined) return null;
      const [, account] = /^account:(.+)$/.exec(last.actor) ?? [];
      const person = account === undefined ? null : await api.call(endpoints.accounts.get, { params: { id: account } });
      return { at: last.at, action: last.action, who: person?.email ?? last.actor };
    },
    [api, agent],
  );
  const { value } = useLoaded(load, AGAIN_MS);
  if (value === null) return null;
  return (
    <p>
      Last changed by {value.who}: <code>{value.action}</code> <Ago time={value.at} />.
    </p>
  );
}
