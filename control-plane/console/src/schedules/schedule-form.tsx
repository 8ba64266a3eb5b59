/** A schedule as it is to be: the fields, the next runs of what is typed, and what is wrong at its field. */
import { type CatchUp, OverlapPolicy, type ScheduleRequest } from '@casare/shared/api';
import { api as endpoints } from '@casare/shared/client';
import { useCallback, useState, type ReactNode } from 'react';
import { useSession } from '../session.tsx';
import { Fault } from '../ui/fault.tsx';
import { Field } from '../ui/field.tsx';
import { useFocusFirst, useForm, type FormState } from '../ui/use-form.ts';
import { useLoaded } from '../ui/use-loaded.ts';
import { READERS_ZONE } from '../words.ts';
import { Runs } from './runs.tsx';
import { CODES, requestOf } from './schedule-request.ts';
import { CATCH_UP_WORDS, OVERLAP_WORDS } from './schedule-words.ts';
import { usePreview } from './use-preview.ts';

interface ScheduleFormProps {
  /** Null: a new one. */
  readonly before: ScheduleRequest | null;
  readonly label: string;
  readonly onSend: (request: ScheduleRequest) => Promise<void>;
  readonly onCancel: () => void;
}

export function ScheduleForm({ before, label, onSend, onCancel }: ScheduleFormProps) {
  const form = useForm((fields) => onSend(requestOf(fields, before)), CODES);
  useFocusFirst(form.ref);
  return (
    <form ref={form.ref} className="card" onSubmit={form.onSubmit} noValidate>
      <div className="row">
        <Field label="Name" wrong={form.wrong('name')}>
          {(given) => <input {...given} name="name" maxLength={100} defaultValue={before?.name} autoComplete="off" />}
        </Field>
        <WorkflowField before={before} form={form} />
      </div>
      <When before={before} form={form} />
      <Policies before={before} form={form} />
      <What before={before} form={form} />
      <label className="check">
        <input type="checkbox" name="enabled" defaultChecked={before?.enabled ?? true} /> Enabled
      </label>
      {form.error !== null && <Fault error={form.error} />}
      <div className="tools">
        <button type="submit" className="main">
          {form.busy ? 'Saving …' : label}
        </button>
        <button type="button" onClick={onCancel}>
          Cancel
        </button>
      </div>
    </form>
  );
}

interface PartProps {
  readonly before: ScheduleRequest | null;
  readonly form: FormState;
}

function WorkflowField({ before, form }: PartProps) {
  const { api } = useSession();
  const load = useCallback(
    (signal: AbortSignal) => api.call(endpoints.workflows.list, { query: { limit: 200 }, signal }),
    [api],
  );
  const known = useLoaded(load).value?.items ?? [];
  const names = [...new Set(known.map(({ namespace, name }) => `${namespace}/${name}`))];
  return (
    <Field
      label="Workflow"
      wrong={form.wrong('job.workflow')}
      hint="namespace/name for its newest version at each time, or namespace/name@version."
    >
      {(given) => (
        <>
          <input
            {...given}
            name="job.workflow"
            list="workflows"
            maxLength={400}
            defaultValue={before?.job.workflow}
            autoComplete="off"
          />
          <datalist id="workflows">
            {names.map((name) => (
              <option key={name} value={name} />
            ))}
          </datalist>
        </>
      )}
    </Field>
  );
}

const ZONES = Intl.supportedValuesOf('timeZone');

function When({ before, form }: PartProps) {
  const [cron, setCron] = useState(before?.cron ?? '');
  const [zone, setZone] = useState(before?.timeZone ?? READERS_ZONE);
  const { times, zone: shown, faults } = usePreview(cron, zone);
  return (
    <>
      <div className="row">
        <Field
          label="When"
          wrong={faults.at['cron'] ?? form.wrong('cron')}
          hint={
            <>
              Minute, hour, day of month, month, day of week: <code>30 6 * * 1-5</code> is 06:30 from Monday to Friday.
              Also <code>@hourly</code>, <code>@daily</code>, <code>@weekly</code>, <code>@monthly</code>.
            </>
          }
        >
          {(given) => (
            <input
              {...given}
              name="cron"
              className="code"
              value={cron}
              onChange={({ target }) => setCron(target.value)}
              maxLength={200}
              autoComplete="off"
              spellCheck={false}
            />
          )}
        </Field>
        <Field label="Time zone" wrong={faults.at['timeZone'] ?? form.wrong('timeZone')}>
          {(given) => (
            <>
              <input
                {...given}
                name="timeZone"
                list="zones"
                value={zone}
                onChange={({ target }) => setZone(target.value)}
                maxLength={64}
                autoComplete="off"
              />
              <datalist id="zones">
                {ZONES.map((one) => (
                  <option key={one} value={one} />
                ))}
              </datalist>
            </>
          )}
        </Field>
      </div>
      <div role="status" className="preview">
        {times.length > 0 ? (
          <Runs times={times} zone={shown} />
        ) : (
          <p className="faint">The next five runs appear here.</p>
        )}
      </div>
      {faults.rest !== null && <Fault error={faults.rest} />}
    </>
  );
}

function Policies({ before, form }: PartProps) {
  const [kind, setKind] = useState<CatchUp['kind']>(before?.catchUp.kind ?? 'none');
  const limit = before?.catchUp.kind === 'all' ? before.catchUp.limit : 10;
  return (
    <div className="row">
      <fieldset>
        <legend>While an earlier job is not over</legend>
        {OverlapPolicy.options.map((policy) => (
          <Choice key={policy} name="overlap" value={policy} on={(before?.overlap ?? 'skip') === policy}>
            {OVERLAP_WORDS[policy].name} <span className="faint">{OVERLAP_WORDS[policy].means}</span>
          </Choice>
        ))}
      </fieldset>
      <fieldset>
        <legend>Times that passed while the control plane was down</legend>
        {(Object.keys(CATCH_UP_WORDS) as CatchUp['kind'][]).map((one) => (
          <Choice key={one} name="catchUp" value={one} on={kind === one} onChoose={() => setKind(one)}>
            {CATCH_UP_WORDS[one].name} <span className="faint">{CATCH_UP_WORDS[one].means}</span>
          </Choice>
        ))}
        {kind === 'all' && (
          <Field label="At most" wrong={form.wrong('catchUp.limit')}>
            {(given) => <input {...given} name="catchUp.limit" type="number" min={1} max={100} defaultValue={limit} />}
          </Field>
        )}
      </fieldset>
    </div>
  );
}

interface ChoiceProps {
  readonly name: string;
  readonly value: string;
  readonly on: boolean;
  readonly onChoose?: () => void;
  readonly children: ReactNode;
}

function Choice({ name, value, on, onChoose, children }: ChoiceProps) {
  return (
    <label className="option">
      <input type="radio" name={name} value={value} defaultChecked={on} onChange={onChoose} />
      <span>{children}</span>
    </label>
  );
}

function What({ before, form }: PartProps) {
  const { job } = before ?? {};
  return (
    <>
      <Field
        label="Input"
        wrong={form.wrong('job.input')}
        hint="JSON, as the workflow's schema wants it; may be empty. No secrets: name them in the workflow."
      >
        {(given) => (
          <textarea
            {...given}
            name="job.input"
            className="code"
            rows={4}
            spellCheck={false}
            defaultValue={job?.input === undefined ? '' : JSON.stringify(job.input, null, 2)}
          />
        )}
      </Field>
      <div className="row">
        <Field
          label="Also needs"
          wrong={form.wrong('job.requires')}
          hint="Capabilities or grants besides those of the workflow, one a line."
        >
          {(given) => <textarea {...given} name="job.requires" rows={2} defaultValue={job?.requires.join('\n')} />}
        </Field>
        <Field label="Site" wrong={form.wrong('job.site')} hint="Only there; empty: at any.">
          {(given) => <input {...given} name="job.site" maxLength={100} defaultValue={job?.site} autoComplete="off" />}
        </Field>
        <Field label="Priority" wrong={form.wrong('job.priority')} hint="0 comes last, 100 first.">
          {(given) => (
            <input {...given} name="job.priority" type="number" min={0} max={100} defaultValue={job?.priority ?? 50} />
          )}
        </Field>
      </div>
    </>
  );
}
