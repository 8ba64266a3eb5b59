/** Lines of a stream, cut at a length: one without an end takes no memory. */
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** Calls `onLine` for each line of the stream, with so many characters of it. */
export function readLines(stream: Readable, characters: number, onLine: (line: string) => void): void {
  const decoder = new StringDecoder('utf8');
  let line = '';
  const take = (text: string): void => {
    const parts = text.split('\n');
    for (const [index, part] of parts.entries()) {
      line = (line + part).slice(0, characters);
      if (index === parts.length - 1) continue;
      onLine(line);
      line = '';
    }
  };
  stream.on('data', (piece: Buffer) => take(decoder.write(piece)));
  stream.on('end', () => {
    take(decoder.end());
    if (line !== '') onLine(line);
  });
  stream.on('error', () => undefined);
}
