/**
 * `service sessions`: workers run in the sessions of whoever is signed in at this Windows, and no longer in the service,
 * which has no screen. Two things belong together: where the agent awaits worker hosts (agent.yaml), and the task that starts
 * one at each logon.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeOf, Fault } from '../fault.ts';
import { systemFolder, systemProgram } from '../windows/index.ts';
import { configure, type ConfigurePlace } from './configure.ts';
import { SESSION_TASK, sessionTask } from './session-task.ts';

const TASK_MS = 60_000;

export interface SessionsPlace {
  readonly agent: ConfigurePlace;
  /** Node, and the agent's program. */
  readonly program: { readonly node: string; readonly agent: string };
  readonly environment: NodeJS.ProcessEnv;
  /** The account in whose sessions alone jobs run; everybody's when absent. */
  readonly user?: string | undefined;
}

/** Sets it up, and answers what was done, a line each. @throws Fault NOT_WINDOWS, SESSION_TASK_NOT_SET, and those of `configure` */
export function openSessions({ agent, program, environment, user }: SessionsPlace): string[] {
  verifyWindows();
  const socket = join(environment['ProgramData'] ?? String.raw`C:\ProgramData`, 'Casare', 'Workers', 'host.sock');
  const folder = mkdtempSync(join(tmpdir(), 'casare-task-'));
  try {
    const file = join(folder, 'task.xml');
    // The Task Scheduler's own tool takes a file in no other encoding for certain.
    writeFileSync(file, Buffer.from(`\ufeff${sessionTask({ ...program, socket, user })}`, 'utf16le'));
    schtasks(environment, ['/Create', '/TN', SESSION_TASK, '/XML', file, '/F']);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const done = configure(agent, { settings: { workerSocket: socket } });
  const whose = user === undefined ? 'everybody who signs in' : user;
  return [`task: ${SESSION_TASK}, for ${whose}, at every logon from the next one on`, ...done];
}

/** Takes it back; what is not there is no fault. @throws Fault NOT_WINDOWS, SESSION_TASK_NOT_SET, and those of `configure` */
export function closeSessions({ agent, environment }: Omit<SessionsPlace, 'program' | 'user'>): string[] {
  verifyWindows();
  const task = removeTask(environment);
  return [task, ...(existsSync(agent.config) ? configure(agent, { settings: { workerSocket: null } }) : [])];
}

function removeTask(environment: NodeJS.ProcessEnv): string {
  const kept = join(systemFolder(environment), 'Tasks', SESSION_TASK);
  try {
    schtasks(environment, ['/Delete', '/TN', SESSION_TASK, '/F']);
  } catch (error) {
    // Its tool does not tell one that is missing from one that it may not touch.
    if (existsSync(kept)) throw error;
    return `nothing: there is no task ${SESSION_TASK}`;
  }
  return `removed: the task ${SESSION_TASK}`;
}

function verifyWindows(): void {
  if (process.platform === 'win32') return;
  const text = 'sessions are of Windows: on Linux a worker host is a service of its own, which the package sets up';
  throw new Fault('NOT_WINDOWS', text, { exitCode: 2 });
}

/** Its words are in the language of the machine: only its exit code counts. */
function schtasks(environment: NodeJS.ProcessEnv, args: readonly string[]): void {
  const tool = systemProgram('schtasks.exe', environment);
  try {
    execFileSync(tool, args, { stdio: 'ignore', windowsHide: true, timeout: TASK_MS });
  } catch (error) {
    const why = codeOf(error) || `exit code ${(error as { status?: number }).status ?? 'none'}`;
    const text = `the task ${SESSION_TASK} could not be changed (${why}): run this as an administrator`;
    throw new Fault('SESSION_TASK_NOT_SET', text, { cause: error });
  }
}
