/**
 * The agent's log: JSON lines in `logs/agent.log` (two files of 10 MiB at most), and short lines for whoever watches
 * `run`. Names that carry secrets are redacted; secrets themselves never reach this place.
 *
 * Invariant: the file has one writer. Below the service host of Windows that is the host, which holds it open and lets
 * nobody else write: all lines go to it, and nowhere else.
 */
import { appendFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';

const FILE_BYTES = 10_485_760;
const REDACTED = ['token', 'secret', 'secrets', 'password', 'authorization', 'key', 'privateKey'];

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type Log = (level: LogLevel, message: string) => void;

/**
 * Opens the log of a home. `print` shows a line to a person; debug lines go to the file alone.
 * @param to the folder, or whoever keeps the lines instead: then nothing is printed
 */
export function openLog(to: string | ((line: string) => void), level: LogLevel, print: (line: string) => void): Log {
  const paths = REDACTED.flatMap((name) => [name, `*.${name}`]);
  const target = typeof to === 'string' ? boundedFile(join(to, 'agent.log')) : { write: to };
  const logger = pino({ level, redact: paths, base: { pid: process.pid } }, target);
  return (at, message) => {
    logger[at](message);
    if (at !== 'debug' && typeof to === 'string') print(at === 'info' ? plain(message) : `${at}: ${plain(message)}`);
  };
}

/** Lines from elsewhere (server, documents) must not steer a terminal: control characters are shown, not sent. */
export function plain(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (found) => JSON.stringify(found).slice(1, -1));
}

function boundedFile(path: string): { write(line: string): void } {
  let bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  return {
    write(line) {
      try {
        if (bytes > FILE_BYTES) {
          renameSync(path, `${path}.1`);
          bytes = 0;
        }
        appendFileSync(path, line, { mode: 0o600 });
        bytes += Buffer.byteLength(line);
      } catch {
        // a full disk must not end the agent: the line is lost
      }
    },
  };
}
