/** A new join token: shown once, with how an agent enrols with it. */
import { JoinTokenRequest } from '@casare/shared/api';
import { api as endpoints } from '@casare/shared/client';
import { useState } from 'react';
import type { z } from 'zod';
import { useSession } from '../session.tsx';
import { Fault } from '../ui/fault.tsx';
import { Field } from '../ui/field.tsx';
import { ShownOnce } from '../ui/shown-once.tsx';
import { listOf, numberOf, textOf, useForm, type FormState } from '../ui/use-form.ts';

const LENGTHS = {
  '15 minutes': 900,
  '1 hour': 3_600,
  '1 day': 86_400,
  '7 days': 604_800,
  '30 days': 2_592_000,
} as const;
const CODES = { TOKEN_TOO_POWERFUL: 'hosts' } as const;

export function NewToken({ onMade }: { onMade: () => void }) {
  const { api } = useSession();
  const [token, setToken] = useState<string | null>(null);
  const form = useForm(async (fields, element) => {
    setToken(null);
    const made = await api.call(endpoints.joinTokens.create, { body: requestOf(fields) });
    element.reset();
    setToken(made.token);
    onMade();
  }, CODES);
  return (
    <section aria-labelledby="new-token-title">
      <h2 id="new-token-title">Make one</h2>
      {token !== null && (
        <ShownOnce value={token} onTaken={() => setToken(null)}>
          Copy the token now: it is not shown again. On the machine: casare-agent enrol --url &lt;enrol address&gt;
          --token …
        </ShownOnce>
      )}
      <form ref={form.ref} className="card" onSubmit={form.onSubmit} noValidate aria-label="New join token">
        <div className="row">
          <SiteField form={form} />
          <Field label="For how many agents" wrong={form.wrong('uses')}>
            {(given) => <input {...given} name="uses" type="number" min={1} max={10_000} defaultValue={1} />}
          </Field>
          <Field label="Good for">
            {(given) => (
              <select {...given} name="length" defaultValue="15 minutes">
                {Object.keys(LENGTHS).map((length) => (
                  <option key={length}>{length}</option>
                ))}
              </select>
            )}
          </Field>
        </div>
        <div className="row">
          <Field label="Grants" wrong={form.wrong('tags')} hint="Tags that route jobs to its agents, one a line.">
            {(given) => <textarea {...given} name="tags" rows={2} spellCheck={false} />}
          </Field>
          <Field label="Only host names" wrong={form.wrong('hosts')} hint="One a line, such as press-*.">
            {(given) => <textarea {...given} name="hosts" rows={2} spellCheck={false} />}
          </Field>
          <Field label="Only from networks" wrong={form.wrong('networks')} hint="One a line, such as 10.1.0.0/16.">
            {(given) => <textarea {...given} name="networks" rows={2} spellCheck={false} />}
          </Field>
        </div>
        <label className="check">
          <input type="checkbox" name="autoApprove" /> Its agents may run jobs at once, without approval
        </label>
        <label className="check">
          <input type="checkbox" name="ephemeral" /> Its agents enrol anew at each start (containers, VDI)
        </label>
        {form.error !== null && <Fault error={form.error} />}
        <button type="submit" className="main">
          {form.busy ? 'Making …' : 'Make the token'}
        </button>
      </form>
    </section>
  );
}

/** Who is limited to sites chooses one of them. */
function SiteField({ form }: { form: FormState }) {
  const { state } = useSession();
  const mine = state.is === 'in' ? state.me.sites : null;
  return (
    <Field label="Site" wrong={form.wrong('site')} hint={mine === null ? 'Empty: none.' : undefined}>
      {(given) =>
        mine === null ? (
          <input {...given} name="site" maxLength={100} autoComplete="off" />
        ) : (
          <select {...given} name="site">
            {mine.map((site) => (
              <option key={site}>{site}</option>
            ))}
          </select>
        )
      }
    </Field>
  );
}

/** @throws ZodError */
function requestOf(fields: FormData): z.output<typeof JoinTokenRequest> {
  const site = textOf(fields, 'site');
  return JoinTokenRequest.parse({
    ...(site !== '' && { site }),
    uses: numberOf(fields, 'uses'),
    ttlSeconds: LENGTHS[textOf(fields, 'length') as keyof typeof LENGTHS],
    tags: listOf(fields, 'tags'),
    hosts: listOf(fields, 'hosts'),
    networks: listOf(fields, 'networks'),
    autoApprove: fields.has('autoApprove'),
    ephemeral: fields.has('ephemeral'),
  });
}
