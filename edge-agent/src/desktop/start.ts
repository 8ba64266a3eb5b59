/** A desktop to work on, with its driver: a virtual display of its own or the present one; on Windows, the session. */
import { MARKER_VARIABLE } from '../runner/process-tree.ts';
import { openAtspiDriver } from './atspi-driver.ts';
import type { DesktopDriver } from './desktop-driver.ts';
import { desktopSettings, type ScreenSize } from './session/settings.ts';
import { type StartedDisplay, startVirtualDisplay } from './session/virtual-display.ts';
import { launch } from './uia/launch.ts';
import { openUiaDriver } from './uia-driver.ts';
import { XConnection } from './x11/connection.ts';

export interface StartedDesktop {
  readonly driver: DesktopDriver;
  /** What programs on it get as their environment. */
  readonly env: NodeJS.ProcessEnv;
  /** False for a display that others use too: steps see only what the run opened or attached to. */
  readonly own: boolean;
  /** Ends it with everything that was started on it; a present display goes on. */
  close(): Promise<void>;
}

export interface StartOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Instead of the size that the settings say. */
  readonly screen?: ScreenSize;
  /** Of this machine unless said. */
  readonly platform?: NodeJS.Platform;
}

/** @throws DesktopError DESKTOP_SETTING_INVALID, DESKTOP_NO_DISPLAY, DESKTOP_PROGRAM_MISSING, DESKTOP_NOT_STARTED */
export async function startDesktop({
  env,
  screen,
  platform = process.platform,
}: StartOptions): Promise<StartedDesktop> {
  if (platform === 'win32') return startSession(env);
  const settings = desktopSettings(env);
  const display =
    settings.kind === 'virtual'
      ? await startVirtualDisplay(screen ?? settings.screen, env)
      : await presentDisplay(settings.display, env);
  try {
    const driver = await openAtspiDriver(display.connection, display.bus);
    const close = async (): Promise<void> => {
      driver.close();
      await display.close();
    };
    return { driver, env: display.env, own: display.own, close };
  } catch (error) {
    await display.close();
    throw error;
  }
}

/** The session of Windows that this process runs in: its screens are as they are. */
async function startSession(env: Readonly<Record<string, string | undefined>>): Promise<StartedDesktop> {
  const driver = await openUiaDriver({ host: () => launch('host', env), watch: () => launch('watch', env) });
  return { driver, env: programsEnvironment(env), own: false, close: async () => driver.close() };
}

/** The display that this process was started on. */
async function presentDisplay(
  name: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<StartedDisplay> {
  const connection = await XConnection.open({ display: name });
  const bus = env['DBUS_SESSION_BUS_ADDRESS'] ?? `unix:path=${env['XDG_RUNTIME_DIR'] ?? ''}/bus`;
  return { env: programsEnvironment(env), connection, bus, own: false, close: async () => connection.close() };
}

/** What a program is to know of us: the marker by which it ends with its worker, and nothing else. */
function programsEnvironment(env: Readonly<Record<string, string | undefined>>): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !name.startsWith('CASARE_') || name === MARKER_VARIABLE),
  );
}
