/**
 * A screenshot of a run. The artifact's own address only downloads, so that a file of an agent is never a page of ours:
 * the bytes are fetched, and shown only if they are announced as one of the image types below and are not too large.
 */
import { api as endpoints, type Artifact } from '@casare/shared/api';
import { useEffect, useState } from 'react';
import { artifactUrl } from '../api.ts';
import { useSession } from '../session.tsx';
import { bytesWords, wordsOf } from '../words.ts';

const TYPES = ['image/png', 'image/jpeg', 'image/webp'];
const MOST_BYTES = 20_000_000;

type Picture = { readonly url: string } | { readonly why: string } | null;

export function Screenshot({ artifact, of }: { artifact: Artifact; of: string }) {
  const picture = usePicture(artifact);
  return (
    <figure>
      {picture !== null && 'url' in picture && (
        <a href={artifactUrl(artifact.id)} download title="Download the screenshot">
          <img src={picture.url} alt={`The screen when “${of}” failed`} />
        </a>
      )}
      {picture !== null && 'why' in picture && <p className="faint">The screenshot is not shown: {picture.why}</p>}
      <figcaption className="faint">
        {picture === null ? 'Loading the screenshot …' : `Screenshot of “${of}”, ${bytesWords(artifact.bytes)}`}
      </figcaption>
    </figure>
  );
}

function usePicture({ id, mediaType, bytes }: Artifact): Picture {
  const { api } = useSession();
  const [picture, setPicture] = useState<Picture>(null);
  useEffect(() => {
    const stop = new AbortController();
    let url: string | undefined;
    const load = async () => {
      if (!TYPES.includes(mediaType)) throw new Error(`its type is ${mediaType}.`);
      if (bytes > MOST_BYTES) throw new Error(`it is larger than ${bytesWords(MOST_BYTES)}. Download it below.`);
      const response = await api.call(endpoints.artifacts.get, { params: { id }, signal: stop.signal });
      const blob = new Blob([await response.arrayBuffer()], { type: mediaType });
      if (stop.signal.aborted) return;
      url = URL.createObjectURL(blob);
      setPicture({ url });
    };
    load().catch((error: unknown) => {
      if (!stop.signal.aborted) setPicture({ why: wordsOf(error) });
    });
    return () => {
      stop.abort();
      if (url !== undefined) URL.revokeObjectURL(url);
    };
  }, [api, id, mediaType, bytes]);
  return picture;
}
