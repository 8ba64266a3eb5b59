/** Which session of Windows another process is in, by `tasklist`. Of its own session a process knows more: `windows/session.ts`. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { systemProgram } from '../../windows/index.ts';

const ASKING_MS = 20_000;
const ANSWER_BYTES = 1_048_576;

/** The session of a process; null where it is not told. */
export async function sessionOfProcess(pid: number): Promise<number | null> {
  return sessionIn(await tasks(`pid eq ${pid}`));
}

/** The session in a line of `tasklist /fo csv /nh`: name, pid, name of the session, its number, memory. */
export function sessionIn(line: string): number | null {
  const [, number] = /^"[^"]*","\d+","[^"]*","(\d+)"/m.exec(line) ?? [];
  return number === undefined ? null : Number(number);
}

async function tasks(filter: string): Promise<string> {
  const options = { timeout: ASKING_MS, maxBuffer: ANSWER_BYTES, windowsHide: true };
  try {
    return (await promisify(execFile)(systemProgram('tasklist.exe'), ['/fi', filter, '/fo', 'csv', '/nh'], options))
      .stdout;
  } catch {
    return '';
  }
}
