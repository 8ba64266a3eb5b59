/**
 * What jobs said, taken out of the lines of a log: what their workers' programs print, what they log, why something of them was
 * refused (that quotes files, pages and servers). What the agent itself says of a job stays: its number, how it went. Pure.
 */
import { z } from 'zod';

const Line = z.looseObject({ msg: z.string() });
/**
 * How the agent begins such a message: `runner/run.ts`, `runner/forked-worker.ts`, `runner/worker-process.ts`,
 * `worker-host/host-line.ts`.
 */
const SAID = /^(?:worker \d+: |worker \d+ sent what is no message|job \S+ says: )/;
const REFUSED = /^(job \S+ was refused: \w+): .*$/s;

/** The lines that are left; in the place of each row of others stands how many they were. */
export function withoutJobs(text: string): string[] {
  const kept: string[] = [];
  let left = 0;
  const tell = (): void => {
    if (left > 0) kept.push(`(${left} lines that jobs said are left out)`);
    left = 0;
  };
  for (const line of text.split('\n')) {
    const message = messageOf(line);
    if (message !== null && SAID.test(message)) {
      left += 1;
      continue;
    }
    tell();
    kept.push(message !== null && REFUSED.test(message) ? withMessage(line, message.replace(REFUSED, '$1')) : line);
  }
  tell();
  return kept;
}

function messageOf(line: string): string | null {
  return parsed(line)?.msg ?? plainMessage(line);
}

/** Of the lines that are printed for people, as a service manager keeps them: `warn: job …`. */
function plainMessage(line: string): string | null {
  return line.startsWith('{') ? null : line.replace(/^(?:debug|info|warn|error): /, '');
}

function withMessage(line: string, msg: string): string {
  const object = parsed(line);
  return object === null ? msg : JSON.stringify({ ...object, msg });
}

function parsed(line: string): z.infer<typeof Line> | null {
  try {
    return Line.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}
