/** The signer's log: one JSON object a line on standard error, which its parent (or the journal) reads. */
import { z } from 'zod';
import { parseLine } from './wire.ts';

const LogLine = z.object({
  level: z.enum(['info', 'warn', 'error']),
  message: z.string(),
  code: z.string().optional(),
  path: z.string().optional(),
});
type LogLine = z.infer<typeof LogLine>;

/** Writes a line. Never a key, never the content of a request. */
export function logLine(level: LogLine['level'], message: string, more: Pick<LogLine, 'code' | 'path'> = {}): void {
  process.stderr.write(
    `${JSON.stringify({ time: new Date().toISOString(), level, name: 'signer', ...more, message })}\n`,
  );
}

/** Reads one back; what is none (a crash of the runtime) is a warning as it stands. */
export function readLogLine(line: string): LogLine {
  return parseLine(LogLine, line) ?? { level: 'warn', message: line.slice(0, 2_000) };
}
