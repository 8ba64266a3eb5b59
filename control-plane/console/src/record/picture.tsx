/** A picture of the screen; what cannot be shown is said. */
import { bytesWords } from '../words.ts';
import { titleOf, type EvidenceFile } from './evidence.ts';
import { usePicture, useRunFiles } from './run-files.tsx';

/** `of` is the step's name; `alt` says what the picture shows. */
export function Picture({ file, of, alt }: { file: EvidenceFile; of: string; alt: string }) {
  const { href } = useRunFiles();
  const picture = usePicture(file);
  return (
    <figure>
      {picture !== null && 'value' in picture && (
        <a href={href(file)} download title="Download the screenshot">
          <img src={picture.value} alt={alt} />
        </a>
      )}
      {picture !== null && 'why' in picture && <p className="faint">The screenshot is not shown: {picture.why}</p>}
      <figcaption className="faint">
        {picture === null ? 'Loading the screenshot …' : `${captionOf(file, of)}, ${bytesWords(file.bytes)}`}
      </figcaption>
    </figure>
  );
}

function captionOf(file: EvidenceFile, of: string): string {
  const title = titleOf(file);
  return title === file.name ? `Screenshot of “${of}”` : title;
}
