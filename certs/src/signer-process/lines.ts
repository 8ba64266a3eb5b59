/** Lines out of a byte stream, with a bound: whoever sends a longer one is cut off before it is kept. */
import type { Duplex } from 'node:stream';
import { LINE_BYTES } from './wire.ts';

/**
 * Calls `onLine` with each line of `stream`, without its end. A line over the bound, or text that is not UTF-8, destroys
 * the stream. Reading stops while the stream is paused, also between two lines of one chunk. Answers how to stop.
 */
export function readLines(stream: Duplex, onLine: (line: string) => void): () => void {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest: Buffer = Buffer.alloc(0);
  const drain = () => {
    while (!stream.destroyed && !stream.isPaused()) {
      const end = rest.indexOf(0x0a);
      if (end > LINE_BYTES || (end < 0 && rest.length > LINE_BYTES)) return void stream.destroy();
      if (end < 0) return;
      const line = rest.subarray(0, end);
      rest = rest.subarray(end + 1);
      try {
        onLine(decoder.decode(line));
      } catch {
        stream.destroy();
      }
    }
  };
  const take = (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    drain();
  };
  stream.on('data', take);
  stream.on('resume', drain);
  return () => {
    stream.off('data', take);
    stream.off('resume', drain);
  };
}
