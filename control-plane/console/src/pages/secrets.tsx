/** Secrets of workflows: what is known of them, never their values. */
import type { Secret } from '@casare/shared/api';
import { api as endpoints } from '@casare/shared/client';
import { useCallback } from 'react';
import { Link } from '../router.tsx';
import { MODE_WORDS, originsWords, stepsWords } from '../secrets/secret-words.ts';
import { useSession } from '../session.tsx';
import { Fault } from '../ui/fault.tsx';
import { Loading } from '../ui/loading.tsx';
import { SearchField, useSearch } from '../ui/search.tsx';
import { Table } from '../ui/table.tsx';
import { Title } from '../ui/title.tsx';
import { Pager, usePages, type PageAsk } from '../ui/use-pages.tsx';
import { Ago } from '../ui/when.tsx';

const AGAIN_MS = 60_000;

export function SecretsPage() {
  const { api, may } = useSession();
  const search = useSearch();
  const { q } = search;
  const load = useCallback(
    (ask: PageAsk, signal: AbortSignal) =>
      api.call(endpoints.secrets.list, { query: { ...ask, ...(q !== '' && { q }) }, signal }),
    [api, q],
  );
  const { value, error, refresh, pager } = usePages(load, AGAIN_MS);
  return (
    <>
      <div className="head">
        <Title>Secrets</Title>
        <SearchField label="Name contains" search={search} pager={pager} />
        {may('secrets:write') && (
          <Link to={{ page: 'new-secret' }} className="button">
            New secret
          </Link>
        )}
      </div>
      <p className="faint">What workflows need and nobody reads back. Jobs get the newest version when they begin.</p>
      {error !== null && <Fault error={error} onRetry={refresh} />}
      {value === null && error === null && <Loading what="Loading secrets" />}
      {value?.items.length === 0 && <None q={q} />}
      {value !== null && value.items.length > 0 && (
        <Table caption="Secrets, by name" columns={['Name', 'Mode', 'Version', 'Used', 'Steps', 'Goes to']}>
          {value.items.map((secret) => (
            <Row key={secret.name} secret={secret} />
          ))}
        </Table>
      )}
      <Pager {...pager} />
    </>
  );
}

function None({ q }: { q: string }) {
  const { may } = useSession();
  if (q !== '') return <p className="empty">No secret has “{q}” in its name.</p>;
  return (
    <div className="empty">
      <p>No secrets yet. Workflows name them, so that no password stands in a document.</p>
      {may('secrets:write') ? (
        <p>
          <Link to={{ page: 'new-secret' }}>Store the first one</Link>, or from a terminal:{' '}
          <code>casare secrets set</code>
        </p>
      ) : (
        <p>Owners, admins and security people store them.</p>
      )}
    </div>
  );
}

function Row({ secret }: { secret: Secret }) {
  const { name, mode, description, version, versionAt, lastUsedAt, rotationDue } = secret;
  return (
    <tr role="row">
      <td role="cell">
        <Link to={{ page: 'secret', name }}>{name}</Link>{' '}
        {description !== '' && <span className="detail">{description}</span>}
      </td>
      <td role="cell" data-label="Mode">
        {MODE_WORDS[mode].name}
      </td>
      <td role="cell" data-label="Version">
        {version}, <Ago time={versionAt} /> {rotationDue && <span className="closed">Replace it: it is due</span>}
      </td>
      <td role="cell" data-label="Used">
        {lastUsedAt === null ? 'never' : <Ago time={lastUsedAt} />}
      </td>
      <td role="cell" data-label="Steps">
        {stepsWords(secret)}
      </td>
      <td role="cell" data-label="Goes to">
        {originsWords(secret)}
      </td>
    </tr>
  );
}
