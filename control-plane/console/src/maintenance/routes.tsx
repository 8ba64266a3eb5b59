/** The routes: what their jobs need, how many are ready, and pausing them with a reason. */
import type { Closure, RouteView } from '@casare/shared/api';
import { api as endpoints } from '@casare/shared/client';
import { useRef, useState, type SyntheticEvent } from 'react';
import { useSession } from '../session.tsx';
import { asSeen } from '../ui/as-seen.ts';
import { Fault } from '../ui/fault.tsx';
import { Table } from '../ui/table.tsx';
import { routeWords } from './closure-words.ts';

/** Ready jobs are counted up to this. */
const COUNTED = 10_000;

interface RoutesProps {
  readonly routes: readonly RouteView[];
  readonly windows: readonly Closure[];
  readonly onChanged: () => void;
}

export function Routes({ routes, windows, onChanged }: RoutesProps) {
  const { api } = useSession();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [chosen, setChosen] = useState<RouteView | null>(null);
  const dialog = useRef<HTMLDialogElement>(null);
  const act = async (work: () => Promise<unknown>) => {
    dialog.current?.close();
    setBusy(true);
    setError(null);
    try {
      await work();
    } catch (failure) {
      setError(failure);
    }
    onChanged();
    setBusy(false);
  };
  const ask = (route: RouteView) => {
    setChosen(route);
    dialog.current?.showModal();
  };
  const pause = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const reason = String(new FormData(form).get('reason'));
    const body = { scope: 'route' as const, target: chosen!.id, reason, times: { kind: 'always' as const } };
    void act(() => api.call(endpoints.maintenance.create, { body })).then(() => form.reset());
  };
  const resume = (route: RouteView) =>
    void act(async () => {
      const { id } = route;
      const ifMatch = await asSeen(route, api.tagged(endpoints.routes.get, { params: { id } }), ({ paused }) => paused);
      await api.call(endpoints.routes.act, { params: { id, action: 'resume' }, ifMatch });
    });
  return (
    <section aria-labelledby="routes-title">
      <h2 id="routes-title">Routes</h2>
      <p className="faint">The sets of requirements that jobs share, newest first.</p>
      {error !== null && <Fault error={error} />}
      {routes.length === 0 && <p className="empty">No job was submitted yet.</p>}
      {routes.length > 0 && (
        <Table caption="Routes, newest first" columns={['Needs', 'Ready jobs', 'Now', 'Action']}>
          {routes.map((route) => (
            <tr key={route.id} role="row">
              <td role="cell">
                {routeWords(route)} <span className="faint">route {route.id}</span>
              </td>
              <td role="cell" data-label="Ready jobs">
                {route.ready.toLocaleString('en')}
                {route.ready >= COUNTED && ' or more'}
              </td>
              <td role="cell" data-label="Now">
                {route.paused ? <Paused route={route} windows={windows} /> : 'Open'}
              </td>
              <td role="cell">
                <button
                  type="button"
                  disabled={busy}
                  aria-label={`${route.paused ? 'Resume' : 'Pause'} route ${route.id}: ${routeWords(route)}`}
                  onClick={() => (route.paused ? resume(route) : ask(route))}
                >
                  {route.paused ? 'Resume' : 'Pause'}
                </button>
              </td>
            </tr>
          ))}
        </Table>
      )}
      <dialog ref={dialog} aria-labelledby="pause-title">
        <h2 id="pause-title">Pause this route?</h2>
        {chosen !== null && <p>{routeWords(chosen)}. Its jobs wait until it is resumed; what runs goes on.</p>}
        <form onSubmit={pause}>
          <label>
            Why it is paused
            <textarea name="reason" rows={2} required maxLength={500} />
          </label>
          <div className="choice">
            <button type="button" onClick={() => dialog.current?.close()}>
              Leave it open
            </button>
            <button type="submit" className="main">
              Pause the route
            </button>
          </div>
        </form>
      </dialog>
    </section>
  );
}

function Paused({ route, windows }: { route: RouteView; windows: readonly Closure[] }) {
  const pause = windows.find(
    ({ scope, target, times }) => scope === 'route' && target === route.id && times.kind === 'always',
  );
  return (
    <>
      <span className="closed">Paused</span> <span className="faint">{pause?.reason}</span>
    </>
  );
}
