/** A new window: what to close, why, and when. What the form cannot check is checked by the shared shape. */
import { ClosureRequest, type Agent, type ClosureTimes, type RouteView } from '@casare/shared/api';
import { api as endpoints } from '@casare/shared/client';
import { useState, type SyntheticEvent } from 'react';
import { useSession } from '../session.tsx';
import { Fault } from '../ui/fault.tsx';
import { dayWords, routeWords, SCOPE_WORDS } from './closure-words.ts';

type Scope = ClosureRequest['scope'];
type Kind = ClosureTimes['kind'];

const KINDS: Readonly<Record<Kind, string>> = { once: 'Once', weekly: 'Every week', always: 'Until it is ended' };
const DAYS = [1, 2, 3, 4, 5, 6, 7];
const ZONE = new Intl.DateTimeFormat().resolvedOptions().timeZone;

interface NewWindowProps {
  readonly routes: readonly RouteView[];
  readonly agents: readonly Agent[];
  readonly onChanged: () => void;
}

export function NewWindow({ routes, agents, onChanged }: NewWindowProps) {
  const { api } = useSession();
  const [scope, setScope] = useState<Scope>('agent');
  const [kind, setKind] = useState<Kind>('once');
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState('');
  const [error, setError] = useState<unknown>(null);
  const submit = async (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    setBusy(true);
    setError(null);
    setDone('');
    try {
      await api.call(endpoints.maintenance.create, { body: requestOf(new FormData(form)) });
      setDone('It is kept.');
      form.reset();
      setScope('agent');
      setKind('once');
      onChanged();
    } catch (failure) {
      setError(failure);
    }
    setBusy(false);
  };
  return (
    <section aria-labelledby="new-window-title">
      <h2 id="new-window-title">Close something</h2>
      <form className="card" onSubmit={(event) => void submit(event)}>
        <div className="row">
          <label>
            What
            <select name="scope" value={scope} onChange={(event) => setScope(event.target.value as Scope)}>
              {ClosureRequest.shape.scope.options.map((option) => (
                <option key={option} value={option}>
                  {SCOPE_WORDS[option]}
                </option>
              ))}
            </select>
          </label>
          <Target key={scope} scope={scope} routes={routes} agents={agents} />
          <label>
            When
            <select name="kind" value={kind} onChange={(event) => setKind(event.target.value as Kind)}>
              {Object.entries(KINDS).map(([value, name]) => (
                <option key={value} value={value}>
                  {name}
                </option>
              ))}
            </select>
          </label>
        </div>
        {kind === 'once' && <Once />}
        {kind === 'weekly' && <Weekly />}
        <label>
          Reason
          <textarea name="reason" rows={2} required maxLength={500} />
        </label>
        {error !== null && <Fault error={error} />}
        <button type="submit" className="main" disabled={busy}>
          {busy ? 'Saving …' : 'Close it'}
        </button>
        <span role="status">{done}</span>
      </form>
    </section>
  );
}

function Target({ scope, routes, agents }: { scope: Scope } & Omit<NewWindowProps, 'onChanged'>) {
  const sites = [...new Set(agents.flatMap(({ site }) => site ?? []))];
  if (scope === 'site') {
    return (
      <label>
        Name of the site
        <input name="target" required maxLength={100} list="sites" autoComplete="off" />
        <datalist id="sites">
          {sites.map((site) => (
            <option key={site} value={site} />
          ))}
        </datalist>
      </label>
    );
  }
  const options =
    scope === 'agent'
      ? agents.map(({ id, name }) => ({ id, name }))
      : routes.map((route) => ({ id: route.id, name: `${route.id}: ${routeWords(route)}` }));
  return (
    <label>
      Which {SCOPE_WORDS[scope].toLowerCase()}
      <select name="target" required defaultValue="">
        <option value="" disabled>
          {options.length === 0 ? 'There is none' : 'Choose one'}
        </option>
        {options.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

function Once() {
  return (
    <div className="row">
      <label>
        From
        <input type="datetime-local" name="from" required />
      </label>
      <label>
        To
        <input type="datetime-local" name="to" required />
      </label>
    </div>
  );
}

function Weekly() {
  return (
    <>
      <fieldset>
        <legend>Days</legend>
        <div className="days">
          {DAYS.map((day) => (
            <label key={day}>
              <input type="checkbox" name="days" value={day} /> {dayWords(day)}
            </label>
          ))}
        </div>
      </fieldset>
      <div className="row">
        <label>
          From
          <input type="time" name="start" required />
        </label>
        <label>
          Minutes
          <input type="number" name="minutes" required min={1} max={1_440} defaultValue={60} />
        </label>
        <label>
          Time zone
          <input name="timeZone" required maxLength={64} defaultValue={ZONE} autoComplete="off" />
        </label>
      </div>
    </>
  );
}

/** @throws Error in words, when a field does not hold what it should. */
function requestOf(fields: FormData): ClosureRequest {
  const text = (name: string): string => String(fields.get(name) ?? '');
  const { scope, target, reason } = { scope: text('scope'), target: text('target'), reason: text('reason') };
  const parsed = ClosureRequest.safeParse({ scope, target, reason, times: timesOf(text, fields.getAll('days')) });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  if (issue?.path.includes('days')) throw new Error('Choose at least one day.');
  if (issue?.path.includes('timeZone')) throw new Error('The time zone is none that is known, such as Europe/Berlin.');
  if (issue?.message === 'ends before it begins') throw new Error('It ends before it begins.');
  throw new Error('A field does not hold what it should: look through them once more.');
}

function timesOf(text: (name: string) => string, days: readonly unknown[]): unknown {
  const kind = text('kind');
  if (kind === 'always') return { kind };
  if (kind === 'once') return { kind, from: instantOf(text('from')), to: instantOf(text('to')) };
  const weekly = { start: text('start'), minutes: Number(text('minutes')), timeZone: text('timeZone') };
  return { kind, days: days.map(Number), ...weekly };
}

/** A time of the reader's clock. */
function instantOf(local: string): string {
  const time = new Date(local);
  return Number.isNaN(time.getTime()) ? '' : time.toISOString();
}
