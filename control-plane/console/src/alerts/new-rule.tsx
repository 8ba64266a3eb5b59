/** A new rule: what somebody is told of, and where. */
import { AlertKind, AlertRuleRequest, type AlertChannel } from '@casare/shared/api';
import { api as endpoints } from '@casare/shared/client';
import { useId, useState } from 'react';
import { useSession } from '../session.tsx';
import { Fault } from '../ui/fault.tsx';
import { Field } from '../ui/field.tsx';
import { numberOf, textOf, useForm, type FormState } from '../ui/use-form.ts';
import { KIND_WORDS } from './alert-words.ts';

const CODES = { ALERT_RULE_EXISTS: 'name' } as const;

export function NewRule({ channels, onMade }: { channels: readonly AlertChannel[]; onMade: () => void }) {
  const { api } = useSession();
  const [kind, setKind] = useState<AlertKind>('job.failed');
  const [done, setDone] = useState('');
  const form = useForm(async (fields, element) => {
    setDone('');
    const { name } = await api.call(endpoints.alertRules.create, { body: requestOf(kind, fields) });
    element.reset();
    setDone(`${name} is made.`);
    onMade();
  }, CODES);
  return (
    <form ref={form.ref} className="card" onSubmit={form.onSubmit} noValidate aria-label="New rule">
      <h3>New rule</h3>
      <div className="row">
        <Field label="Name of the rule" wrong={form.wrong('name')}>
          {(given) => <input {...given} name="name" maxLength={100} autoComplete="off" />}
        </Field>
        <Field label="When">
          {(given) => (
            <select
              {...given}
              name="kind"
              value={kind}
              onChange={({ target }) => setKind(AlertKind.parse(target.value))}
            >
              {AlertKind.options.map((one) => (
                <option key={one} value={one}>
                  {KIND_WORDS[one]}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Bound kind={kind} form={form} />
      </div>
      <Where channels={channels} wrong={form.wrong('channels')} />
      <label className="check">
        <input type="checkbox" name="cleared" /> Also when it is over
      </label>
      {form.error !== null && <Fault error={form.error} />}
      <button type="submit" className="main">
        {form.busy ? 'Making …' : 'Make the rule'}
      </button>
      <span role="status">{done}</span>
    </form>
  );
}

/** What the kind is bounded by. */
function Bound({ kind, form }: { kind: AlertKind; form: FormState }) {
  if (kind === 'agent.offline') {
    return (
      <Field key={kind} label="For how many minutes" wrong={form.wrong('minutes')}>
        {(given) => <input {...given} name="minutes" type="number" min={1} max={43_200} defaultValue={10} />}
      </Field>
    );
  }
  if (kind === 'certificate.expiring') {
    return (
      <Field key={kind} label="Within how many days" wrong={form.wrong('days')}>
        {(given) => <input {...given} name="days" type="number" min={1} max={365} defaultValue={14} />}
      </Field>
    );
  }
  return (
    <Field label="Of the workflow" wrong={form.wrong('workflow')} hint="namespace/name; empty: of every one.">
      {(given) => <input {...given} name="workflow" maxLength={127} autoComplete="off" />}
    </Field>
  );
}

function Where({ channels, wrong }: { channels: readonly AlertChannel[]; wrong: string | undefined }) {
  const id = useId();
  return (
    <fieldset aria-describedby={wrong === undefined ? undefined : id}>
      <legend>Tell</legend>
      <div className="days">
        {channels.map((channel) => (
          <label key={channel.id}>
            <input
              type="checkbox"
              name="channels"
              value={channel.id}
              defaultChecked={channels.length === 1}
              aria-invalid={wrong === undefined ? undefined : true}
            />{' '}
            {channel.name}
          </label>
        ))}
      </div>
      {wrong !== undefined && (
        <p id={id} className="wrong">
          {wrong}
        </p>
      )}
    </fieldset>
  );
}

/** @throws ZodError */
function requestOf(kind: AlertKind, fields: FormData): AlertRuleRequest {
  const workflow = textOf(fields, 'workflow');
  return AlertRuleRequest.parse({
    kind,
    name: textOf(fields, 'name'),
    channels: fields.getAll('channels'),
    cleared: fields.has('cleared'),
    ...(kind.startsWith('job.') && workflow !== '' && { workflow }),
    ...(kind === 'agent.offline' && { minutes: numberOf(fields, 'minutes') }),
    ...(kind === 'certificate.expiring' && { days: numberOf(fields, 'days') }),
  });
}
