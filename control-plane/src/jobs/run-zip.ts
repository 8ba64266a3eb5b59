/**
 * The files of a record as a zip, made while it is read: nothing is kept on a disk, and a reader that is slow or goes
 * away slows or ends everything behind it.
 */
import type { RecordFile } from '@casare/shared/record';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { ZipFile } from 'yazl';

/** The bytes of the zip. Destroying the stream ends the reading of `files`; an error of `files` is the stream's. */
export function zipOf(files: AsyncIterable<RecordFile>, modified: Date): Readable {
  const zip = new ZipFile();
  // It is a stream of Node, which the library's types say less of.
  const output = zip.outputStream as Readable;
  const gone = new AbortController();
  output.once('close', () => gone.abort());
  zip.on('error', (error: Error) => output.destroy(error));
  fill(zip, files, modified, gone.signal).catch((error: unknown) => {
    output.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  return output;
}

/** One file after the other: the library takes any number of streams at once, and would read the first bytes of each. */
async function fill(zip: ZipFile, files: AsyncIterable<RecordFile>, mtime: Date, signal: AbortSignal): Promise<void> {
  for await (const { name, packed, content } of files) {
    const stream = content instanceof Readable ? content : Readable.from(content, { objectMode: false });
    try {
      zip.addReadStream(stream, name, { mtime, mode: 0o100_644, compress: !packed });
      await finished(stream, { signal });
    } finally {
      // Ends what is behind it: a file is closed, a reading of rows goes no further.
      stream.destroy();
    }
  }
  zip.end();
}
