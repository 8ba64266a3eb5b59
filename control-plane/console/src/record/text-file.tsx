/** A recorded text: an accessibility tree, what a page wrote to its console, its requests. JSON lines become a table. */
import { bytesWords } from '../words.ts';
import { titleOf, type EvidenceFile } from './evidence.ts';
import { jsonLines, type Lines } from './json-lines.ts';
import { useRunFiles, useText } from './run-files.tsx';

const CHARS = 200_000;

/** Is read when it is opened. */
export function TextFile({ file }: { file: EvidenceFile }) {
  const { href } = useRunFiles();
  const text = useText(file);
  return (
    <section className="text-file" aria-label={titleOf(file)}>
      <h4>
        {titleOf(file)}{' '}
        {file.missing == null && (
          <a href={href(file)} download className="faint">
            {bytesWords(file.bytes)}
          </a>
        )}
      </h4>
      {text === null && <p className="faint">Loading …</p>}
      {text !== null && 'why' in text && <p className="faint">It is not shown: {text.why}</p>}
      {text !== null && 'value' in text && <Content text={text.value} lines={linesOf(file, text.value)} />}
    </section>
  );
}

function Content({ text, lines }: { text: string; lines: Lines | null }) {
  if (text.trim() === '') return <p className="empty">Nothing.</p>;
  if (lines === null) {
    return (
      <>
        <pre tabIndex={0}>{text.slice(0, CHARS)}</pre>
        {text.length > CHARS && <p className="faint">Cut after {CHARS.toLocaleString('en')} characters.</p>}
      </>
    );
  }
  return (
    <div className="sheet" tabIndex={0}>
      <table>
        <thead>
          <tr>
            {lines.columns.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {lines.rows.map((row, index) => (
            <tr key={index}>
              {row.map((cell, column) => (
                <td key={column}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {lines.more > 0 && <p className="faint">{lines.more.toLocaleString('en')} more lines are in the file.</p>}
    </div>
  );
}

function linesOf({ mediaType, name }: EvidenceFile, text: string): Lines | null {
  return /ndjson|jsonl/.test(mediaType) || name.endsWith('.jsonl') ? jsonLines(text) : null;
}
