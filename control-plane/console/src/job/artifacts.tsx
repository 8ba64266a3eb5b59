/** The files of a run, to download, and to hand on by links that are good for minutes. */
import type { Artifact } from '@casare/shared/api';
import { api as endpoints } from '@casare/shared/client';
import { useState } from 'react';
import { artifactUrl, recordUrl } from '../api.ts';
import { useSession } from '../session.tsx';
import { Fault } from '../ui/fault.tsx';
import { bytesWords } from '../words.ts';

export function Artifacts({ job, artifacts }: { job: string; artifacts: readonly Artifact[] }) {
  const { api } = useSession();
  const [error, setError] = useState<unknown>(null);
  const [link, setLink] = useState<{ readonly of: string; readonly url: string; readonly copied: boolean } | null>(
    null,
  );
  const copy = async ({ id, name }: Artifact) => {
    setError(null);
    try {
      const { url } = await api.call(endpoints.artifacts.link, { params: { id }, body: {} });
      setLink({ of: name, url, copied: await copied(url) });
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <section aria-labelledby="artifacts-title">
      <h2 id="artifacts-title">Artifacts</h2>
      {artifacts.length === 0 ? (
        <p className="empty">No files yet.</p>
      ) : (
        <ul className="files">
          {artifacts.map((artifact) => {
            const { id, name, kind, bytes, sha256, attempt } = artifact;
            return (
              <li key={id}>
                <a href={artifactUrl(id)} download title={`SHA-256 ${sha256}`}>
                  {name}
                </a>
                <span className="faint">
                  {kind} · {bytesWords(bytes)} · attempt {attempt}
                </span>
                <button type="button" aria-label={`Copy a link to ${name}`} onClick={() => void copy(artifact)}>
                  Copy link
                </button>
              </li>
            );
          })}
        </ul>
      )}
      {error !== null && <Fault error={error} />}
      {link !== null && (
        <div className="card" role="status">
          <p>
            {link.copied ? 'Copied: a link' : 'A link'} to {link.of}, good for 5 minutes for whoever has it.
          </p>
          <code>{link.url}</code>
        </div>
      )}
      <p>
        <a href={recordUrl(job)} download>
          The whole run as one file
        </a>{' '}
        <span className="faint">
          to be opened with <code>casare run-view</code>
        </span>
      </p>
    </section>
  );
}

/** Browsers keep the clipboard from pages without TLS, and people may: then it is copied by hand. */
async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
