/** One secret: what is known of it, its versions, who can open it, and what can be done with it. */
import type { Secret } from '@casare/shared/api';
import { api as endpoints } from '@casare/shared/client';
import { useCallback } from 'react';
import { Link, navigate } from '../router.tsx';
import { Sealing } from '../secrets/sealing.tsx';
import { ChangeSecret } from '../secrets/secret-form.tsx';
import { MODE_WORDS, originsWords, stepsWords } from '../secrets/secret-words.ts';
import { Versions } from '../secrets/versions.tsx';
import { useSession } from '../session.tsx';
import { Confirm } from '../ui/confirm.tsx';
import { Fact, Facts } from '../ui/facts.tsx';
import { Fault } from '../ui/fault.tsx';
import { Loading } from '../ui/loading.tsx';
import { Title } from '../ui/title.tsx';
import { useAct } from '../ui/use-act.ts';
import { useLoaded } from '../ui/use-loaded.ts';
import { Ago } from '../ui/when.tsx';

const AGAIN_MS = 60_000;

export function SecretPage({ name }: { name: string }) {
  const { api, may } = useSession();
  const load = useCallback(
    (signal: AbortSignal) => api.tagged(endpoints.secrets.get, { params: { name }, signal }),
    [api, name],
  );
  const { value: loaded, error, refresh } = useLoaded(load, AGAIN_MS);
  const value = loaded?.value ?? null;
  const { error: failure, act } = useAct();
  // The form begins anew, and its button with it.
  const stored = () => {
    document.querySelector<HTMLElement>('h1')?.focus();
    refresh();
  };
  const remove = () =>
    act(async () => {
      await api.call(endpoints.secrets.delete, { params: { name }, ifMatch: loaded?.etag ?? undefined });
      navigate({ page: 'secrets' });
      return '';
    });
  return (
    <>
      <p className="trail">
        <Link to={{ page: 'secrets' }}>Secrets</Link>
      </p>
      <div className="head">
        <Title>{name}</Title>
        {value !== null && may('secrets:write') && (
          <div className="actions">
            <Confirm
              label="Delete"
              title={`Delete ${name}?`}
              keep="Keep it"
              confirm="Delete the secret"
              onConfirmed={() => void remove()}
            >
              <p>All its versions go. Jobs that need it fail from then on; nobody can bring the value back.</p>
            </Confirm>
          </div>
        )}
      </div>
      {failure !== null && <Fault error={failure} />}
      {error !== null && <Fault error={error} onRetry={refresh} />}
      {value === null && error === null && <Loading what="Loading the secret" />}
      {value !== null && (
        <>
          <Known secret={value} />
          {may('secrets:write') && (
            <section aria-labelledby="change-title">
              <h2 id="change-title">
                {value.mode === 'sealed' ? 'What is said about it' : 'A new version, or new rules'}
              </h2>
              <ChangeSecret seen={loaded!} onSaved={stored} />
            </section>
          )}
          {value.mode === 'sealed' && <Sealing secret={value} />}
          <Versions secret={value} />
        </>
      )}
    </>
  );
}

function Known({ secret }: { secret: Secret }) {
  const { mode, description, version, versionAt, lastUsedAt, rotateAfterDays, rotationDue } = secret;
  return (
    <Facts label="What is known" wide>
      <Fact name="Mode">
        {MODE_WORDS[mode].name} <span className="detail">{MODE_WORDS[mode].means}</span>
      </Fact>
      <Fact name="Newest version">
        {version}, <Ago time={versionAt} />
      </Fact>
      <Fact name="Last used by a job">{lastUsedAt === null ? 'never' : <Ago time={lastUsedAt} />}</Fact>
      <Fact name="Replace">
        {rotationDue && <span className="closed">It is due: </span>}
        {rotateAfterDays === null ? 'no reminder' : `every ${rotateAfterDays} days`}
      </Fact>
      <Fact name="Steps that get it">{stepsWords(secret)}</Fact>
      <Fact name="Where it goes">{originsWords(secret)}</Fact>
      {description !== '' && <Fact name="Description">{description}</Fact>}
      <Fact name="Who reads it">Nobody. Jobs of this tenant get it, within these rules.</Fact>
    </Facts>
  );
}
