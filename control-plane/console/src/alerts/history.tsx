/** Alerts, newest first, and what became of each of their deliveries. */
import type { Alert, AlertChannel } from '@casare/shared/api';
import { api as endpoints } from '@casare/shared/client';
import { useCallback, useState } from 'react';
import { Link } from '../router.tsx';
import { useSession } from '../session.tsx';
import { Fault } from '../ui/fault.tsx';
import { Json } from '../ui/json.tsx';
import { Loading } from '../ui/loading.tsx';
import { Table } from '../ui/table.tsx';
import { Pager, usePages, type PageAsk } from '../ui/use-pages.tsx';
import { Ago } from '../ui/when.tsx';
import { channelName, jobOf, KIND_WORDS } from './alert-words.ts';

const AGAIN_MS = 10_000;
const SHOWN = 20;
const WHICH = { all: 'All', true: 'Open', false: 'Over' } as const;
type Which = keyof typeof WHICH;

export function History({ channels }: { channels: readonly AlertChannel[] }) {
  const { api } = useSession();
  const [open, setOpen] = useState<Which>('all');
  const load = useCallback(
    (ask: PageAsk, signal: AbortSignal) =>
      api.call(endpoints.alerts.list, { query: { ...ask, ...(open !== 'all' && { open }) }, signal }),
    [api, open],
  );
  const { value, error, refresh, pager } = usePages(load, AGAIN_MS, SHOWN);
  const choose = (which: string) => {
    setOpen(which as Which);
    pager.onTurn(null);
  };
  return (
    <section aria-labelledby="history-title">
      <div className="tools">
        <h2 id="history-title">What was told</h2>
        <label className="filter">
          Show{' '}
          <select value={open} onChange={({ target }) => choose(target.value)}>
            {Object.entries(WHICH).map(([which, name]) => (
              <option key={which} value={which}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </div>
      {error !== null && <Fault error={error} onRetry={refresh} />}
      {value === null && error === null && <Loading what="Loading alerts" />}
      {value?.items.length === 0 && (
        <p className="empty">
          {open === 'true' ? 'Nothing is open.' : 'No alerts. What a rule below sees appears here, for 90 days.'}
        </p>
      )}
      {value !== null && value.items.length > 0 && (
        <Table caption="Alerts, newest first" columns={['What', 'State', 'Raised', 'Told to']}>
          {value.items.map((alert) => (
            <AlertRow key={alert.id} alert={alert} channels={channels} />
          ))}
        </Table>
      )}
      <Pager {...pager} />
    </section>
  );
}

function AlertRow({ alert, channels }: { alert: Alert; channels: readonly AlertChannel[] }) {
  const { title, kind, rule, cause, times, raisedAt, lastAt, clearedAt, detail, deliveries } = alert;
  const job = jobOf(cause);
  return (
    <tr role="row">
      <td role="cell">
        {job === null ? title : <Link to={{ page: 'job', id: job }}>{title}</Link>}{' '}
        <span className="detail">
          {KIND_WORDS[kind]} · rule {rule.name}
        </span>
        {Object.keys(detail).length > 0 && (
          <details>
            <summary className="faint">Details</summary>
            <Json value={detail} />
          </details>
        )}
      </td>
      <td role="cell" data-label="State">
        <span className="badge" data-alert={clearedAt === null ? 'open' : 'over'}>
          {clearedAt === null ? 'Open' : 'Over'}
        </span>{' '}
        {clearedAt !== null && (
          <span className="detail">
            <Ago time={clearedAt} />
          </span>
        )}
      </td>
      <td role="cell" data-label="Raised">
        <Ago time={raisedAt} />{' '}
        {times > 1 && (
          <span className="detail">
            {times.toLocaleString('en')} times, the last <Ago time={lastAt} />
          </span>
        )}
      </td>
      <td role="cell" data-label="Told to">
        {deliveries.length === 0 && <span className="faint">nobody</span>}
        {deliveries.map((delivery) => (
          <Delivery key={delivery.id} delivery={delivery} name={channelName(delivery.channel, channels)} />
        ))}
      </td>
    </tr>
  );
}

const STATES = { pending: 'on its way', delivered: 'delivered', failed: 'given up' } as const;

function Delivery({ delivery, name }: { delivery: Alert['deliveries'][number]; name: string }) {
  const { about, state, attempts, lastError, deliveredAt } = delivery;
  return (
    <div>
      {name}: <span data-delivery={state}>{STATES[state]}</span>{' '}
      {about === 'cleared' && <span className="faint">(that it is over)</span>}{' '}
      {deliveredAt !== null && <Ago time={deliveredAt} />}
      {state !== 'delivered' && attempts > 0 && (
        <span className="detail">
          {attempts} {attempts === 1 ? 'try' : 'tries'}. {lastError}
        </span>
      )}
    </div>
  );
}
