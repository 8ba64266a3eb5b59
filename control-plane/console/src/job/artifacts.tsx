/** The files of a run, to download. */
import type { Artifact } from '@casare/shared/api';
import { artifactUrl, recordUrl } from '../api.ts';
import { bytesWords } from '../words.ts';

export function Artifacts({ job, artifacts }: { job: string; artifacts: readonly Artifact[] }) {
  return (
    <section aria-labelledby="artifacts-title">
      <h2 id="artifacts-title">Artifacts</h2>
      {artifacts.length === 0 ? (
        <p className="empty">No files yet.</p>
      ) : (
        <ul className="files">
          {artifacts.map(({ id, name, kind, bytes, sha256, attempt }) => (
            <li key={id}>
              <a href={artifactUrl(id)} download title={`SHA-256 ${sha256}`}>
                {name}
              </a>
              <span className="faint">
                {kind} · {bytesWords(bytes)} · attempt {attempt}
              </span>
            </li>
          ))}
        </ul>
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
