/** Where alerts go: tried by a button, removed, added. */
import { AlertChannelRequest, type AlertChannel } from '@casare/shared/api';
import { api as endpoints } from '@casare/shared/client';
import { useState } from 'react';
import { useSession } from '../session.tsx';
import { Confirm } from '../ui/confirm.tsx';
import { Fault } from '../ui/fault.tsx';
import { Field } from '../ui/field.tsx';
import { ShownOnce } from '../ui/shown-once.tsx';
import { Table } from '../ui/table.tsx';
import { useAct } from '../ui/use-act.ts';
import { listOf, textOf, useForm } from '../ui/use-form.ts';
import { Ago } from '../ui/when.tsx';

interface ChannelsProps {
  readonly channels: readonly AlertChannel[];
  readonly onChanged: () => void;
}

export function Channels({ channels, onChanged }: ChannelsProps) {
  const { api, may } = useSession();
  const { error, done, act } = useAct();
  const [tested, setTested] = useState<{ readonly id: string; readonly words: string; readonly good: boolean } | null>(
    null,
  );
  const mayWrite = may('alerts:write');
  const test = ({ id }: AlertChannel) =>
    act(
      async () => {
        setTested(null);
        const { delivered, reason } = await api.call(endpoints.alertChannels.test, { params: { id } });
        const words = delivered ? 'It was taken.' : `It was not taken: ${reason ?? 'no reason was given'}`;
        setTested({ id, words, good: delivered });
        return '';
      },
      { stay: true },
    );
  const remove = ({ id, name }: AlertChannel) =>
    act(async () => {
      await api.call(endpoints.alertChannels.remove, { params: { id } });
      onChanged();
      return `${name} is removed.`;
    });
  return (
    <section aria-labelledby="channels-title">
      <h2 id="channels-title">Channels</h2>
      <p className="faint">Where alerts go.</p>
      <p role="status">{done}</p>
      {error !== null && <Fault error={error} />}
      {channels.length === 0 && (
        <p className="empty">
          There is none, so nobody is told of anything.{' '}
          {mayWrite ? 'Add one below.' : 'An owner or an admin adds them.'}
        </p>
      )}
      {channels.length > 0 && (
        <Table caption="Channels" columns={['Name', 'To', 'Made', ...(mayWrite ? ['Action'] : [])]}>
          {channels.map((channel) => (
            <tr key={channel.id} role="row">
              <td role="cell">{channel.name}</td>
              <td role="cell" data-label="To">
                {channel.to?.join(', ') ?? channel.url}{' '}
                <span className="detail">{channel.kind === 'email' ? 'by mail' : 'signed webhook'}</span>
              </td>
              <td role="cell" data-label="Made">
                <Ago time={channel.createdAt} />
              </td>
              {mayWrite && (
                <td role="cell">
                  <div className="acts">
                    <button
                      type="button"
                      aria-label={`Test ${channel.name}`}

                      onClick={() => void test(channel)}
                    >
                      Test
                    </button>
                    <Confirm
                      label="Delete"
                      name={`Delete ${channel.name}`}
                      title={`Delete ${channel.name}?`}
                      keep="Keep it"
                      confirm="Delete the channel"

                      onConfirmed={() => void remove(channel)}
                    >
                      <p>What was still to be sent there is not sent. Rules go on with their other channels.</p>
                    </Confirm>
                  </div>
                  <span role="status" className={tested?.good === false ? 'wrong' : undefined}>
                    {tested?.id === channel.id && tested.words}
                  </span>
                </td>
              )}
            </tr>
          ))}
        </Table>
      )}
      {mayWrite && <NewChannel onMade={onChanged} />}
    </section>
  );
}

const CODES = { ALERT_CHANNEL_EXISTS: 'name', MAIL_NOT_SET_UP: 'kind' } as const;

function NewChannel({ onMade }: { onMade: () => void }) {
  const { api } = useSession();
  const [kind, setKind] = useState<AlertChannelRequest['kind']>('email');
  const [secret, setSecret] = useState<string | null>(null);
  const [done, setDone] = useState('');
  const form = useForm(async (fields, element) => {
    setDone('');
    setSecret(null);
    const where = kind === 'email' ? { to: listOf(fields, 'to') } : { url: textOf(fields, 'url') };
    const body = AlertChannelRequest.parse({ kind, name: textOf(fields, 'name'), ...where });
    const made = await api.call(endpoints.alertChannels.create, { body });
    element.reset();
    setSecret(made.secret);
    setDone(`${made.channel.name} is added. Test it.`);
    onMade();
  }, CODES);
  return (
    <>
      {secret !== null && (
        <ShownOnce value={secret} onTaken={() => setSecret(null)}>
          The secret that the webhook is signed with. Give it to the receiver now: it is not shown again.
        </ShownOnce>
      )}
      <form ref={form.ref} className="card" onSubmit={form.onSubmit} noValidate aria-label="New channel">
        <h3>New channel</h3>
        <div className="row">
          <Field label="Name of the channel" wrong={form.wrong('name')}>
            {(given) => <input {...given} name="name" maxLength={100} autoComplete="off" />}
          </Field>
          <Field label="Kind" wrong={form.wrong('kind')}>
            {(given) => (
              <select
                {...given}
                name="kind"
                value={kind}
                onChange={({ target }) => setKind(target.value === 'email' ? 'email' : 'webhook')}
              >
                <option value="email">E-mail</option>
                <option value="webhook">Webhook</option>
              </select>
            )}
          </Field>
          {kind === 'email' ? (
            <Field label="Addresses" wrong={form.wrong('to')} hint="One a line, up to 20.">
              {(given) => <textarea {...given} name="to" rows={2} />}
            </Field>
          ) : (
            <Field label="Address" wrong={form.wrong('url')} hint="It gets a signed POST (Standard Webhooks).">
              {(given) => <input {...given} name="url" type="url" maxLength={2_000} autoComplete="off" />}
            </Field>
          )}
        </div>
        {form.error !== null && <Fault error={form.error} />}
        <button type="submit" className="main">
          {form.busy ? 'Adding …' : 'Add the channel'}
        </button>
        <span role="status">{done}</span>
      </form>
    </>
  );
}
