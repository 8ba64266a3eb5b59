/** Which display desktop jobs would get, without starting anything: the present one and whether it is locked, or a virtual one. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ownSession } from '../../windows/index.ts';
import { XConnection } from '../x11/connection.ts';
import { findProgram } from './programs.ts';
import { desktopSettings } from './settings.ts';

export interface SessionState {
  /** `wrong`: a setting cannot be used; `none`: there is nothing to make a display with. */
  readonly kind: 'present' | 'virtual' | 'none' | 'unreachable' | 'wrong';
  /** In one line. */
  readonly found: string;
  /** Null where nobody tells. */
  readonly locked: boolean | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** What a virtual display is made of. */
const PROGRAMS = ['Xvfb', 'openbox', 'dbus-daemon'];
const ASKING_MS = 5_000;

/** Looks at the session that this process was started in. Never rejects. */
export async function sessionState(env: Environment, platform: NodeJS.Platform): Promise<SessionState> {
  if (platform === 'win32') return windowsState();
  if (platform !== 'linux') return { kind: 'none', found: 'there are no desktop jobs on this system', locked: null };
  try {
    const settings = desktopSettings(env);
    return settings.kind === 'virtual' ? await virtualState(env) : await presentState(settings.display, env);
  } catch (error) {
    return { kind: 'wrong', found: textOf(error), locked: null };
  }
}

/** As worker hosts are asked, which get no desktop job while the screen is locked. */
function windowsState(): SessionState {
  try {
    const { id, isLocked: locked } = ownSession();
    // services are there, and no person ever is
    if (id === 0) return { kind: 'none', found: 'session 0 has no screen', locked: null };
    return { kind: 'present', found: `session ${id}, ${locked ? 'locked' : 'not locked'}`, locked };
  } catch (error) {
    return { kind: 'present', found: `Windows does not tell the session: ${textOf(error)}`, locked: null };
  }
}

async function virtualState(env: Environment): Promise<SessionState> {
  const found = await Promise.all(PROGRAMS.map((name) => findProgram(name, env)));
  const missing = PROGRAMS.filter((_, index) => found[index] === null);
  if (missing.length === 0) return { kind: 'virtual', found: 'virtual displays can be made', locked: false };
  return { kind: 'none', found: `no virtual display can be made: ${missing.join(', ')} missing`, locked: null };
}

async function presentState(display: string, env: Environment): Promise<SessionState> {
  try {
    const connection = await XConnection.open({ display });
    const { width, height } = connection.size;
    connection.close();
    const locked = await isLocked(env);
    const lock = locked === null ? '' : locked ? ', locked' : ', not locked';
    return { kind: 'present', found: `display ${display} of ${width}x${height}${lock}`, locked };
  } catch (error) {
    return { kind: 'unreachable', found: textOf(error), locked: null };
  }
}

/** What the login manager says of the session; null where there is none. */
async function isLocked(env: Environment): Promise<boolean | null> {
  const program = await findProgram('loginctl', env);
  if (program === null) return null;
  const session = env['XDG_SESSION_ID'] ?? 'auto';
  const args = ['show-session', session, '--property=LockedHint', '--value'];
  try {
    const { stdout } = await promisify(execFile)(program.path, args, { timeout: ASKING_MS, maxBuffer: 65_536 });
    return stdout.trim() === 'yes' ? true : stdout.trim() === 'no' ? false : null;
  } catch {
    return null;
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
