/**
 * Proves that this machine can run desktop jobs by starting a desktop and seeing its accessibility bus, and turns the
 * proof into capabilities. They route jobs to this agent, so nothing is claimed that was not seen to start.
 */
import { desktopSettings } from './session/settings.ts';
import { startDesktop } from './start.ts';

/** What a probe found. */
export interface DesktopProbe {
  readonly ok: boolean;
  /** In one line: what there is, or why there is nothing. */
  readonly found: string;
  /** Whether several runs can have a desktop at once: on displays of their own. */
  readonly many: boolean;
}

/** Never rejects; bounded by what starts the parts of a desktop. */
export async function probeDesktop(
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
): Promise<DesktopProbe> {
  if (platform === 'win32') return probeSession(env);
  if (platform !== 'linux') {
    return { ok: false, found: 'desktop steps run on Linux and Windows only', many: false };
  }
  try {
    const settings = desktopSettings(env);
    const desktop = await startDesktop({ env });
    try {
      await desktop.driver.elements.windows();
      const { width, height } = desktop.driver.screen.area;
      const kind = settings.kind === 'virtual' ? 'virtual displays' : `display ${settings.display}`;
      return { ok: true, found: `${kind} of ${width}x${height}, accessibility bus`, many: settings.kind === 'virtual' };
    } finally {
      await desktop.close();
    }
  } catch (error) {
    return { ok: false, found: error instanceof Error ? error.message : String(error), many: false };
  }
}

/** UI Automation of the session that the agent, or its worker, runs in: a service alone has no screen that anybody sees. */
async function probeSession(env: Readonly<Record<string, string | undefined>>): Promise<DesktopProbe> {
  try {
    const desktop = await startDesktop({ env, platform: 'win32' });
    try {
      const windows = await desktop.driver.elements.windows();
      const { width, height } = desktop.driver.screen.area;
      const name = env['SESSIONNAME'] ?? '';
      if (name === 'Services') {
        return {
          ok: false,
          found: 'this is the session of services, which has no screen: use the session worker',
          many: false,
        };
      }
      const found = `UI Automation, session ${name === '' ? 'unnamed' : name} of ${width}x${height}, ${windows.length} windows`;
      return { ok: true, found, many: false };
    } finally {
      await desktop.close();
    }
  } catch (error) {
    return { ok: false, found: error instanceof Error ? error.message : String(error), many: false };
  }
}

/** The capabilities a probe proves. */
export function desktopCapabilities(probe: DesktopProbe, platform: NodeJS.Platform = process.platform): string[] {
  if (!probe.ok) return [];
  return platform === 'win32' ? ['desktop', 'desktop.windows', 'desktop=uia'] : ['desktop', 'desktop.linux'];
}
