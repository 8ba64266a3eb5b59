/** Opens an address in this person's browser, where there is one. */
import { spawn } from 'node:child_process';

/** What to start; null where nobody could see a window. */
export function browserCommand(
  url: string,
  { platform, env }: { readonly platform: NodeJS.Platform; readonly env: NodeJS.ProcessEnv },
): readonly [program: string, args: readonly string[]] | null {
  if (platform === 'darwin') return ['open', [url]];
  if (platform === 'win32') return ['rundll32', ['url.dll,FileProtocolHandler', url]];
  return env['DISPLAY'] || env['WAYLAND_DISPLAY'] ? ['xdg-open', [url]] : null;
}

/** Starts it and waits for nothing: the address is printed too. */
export function openBrowser(command: readonly [program: string, args: readonly string[]]): void {
  const child = spawn(command[0], command[1], { detached: true, stdio: 'ignore' });
  child.once('error', () => undefined);
  child.unref();
}
