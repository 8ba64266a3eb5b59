/** Which display desktop jobs get: `CASARE_DESKTOP`. */
import { DesktopError } from '../desktop-error.ts';

/** Size of a screen, pixels. */
export interface ScreenSize {
  readonly width: number;
  readonly height: number;
}

/** A display of its own for each run, or the one of the session that the agent was started in. */
export type DesktopSettings =
  { readonly kind: 'virtual'; readonly screen: ScreenSize } | { readonly kind: 'present'; readonly display: string };

const DEFAULT_SCREEN: ScreenSize = { width: 1_280, height: 1_024 };
const [SMALLEST, LARGEST] = [320, 8_192];

/**
 * `virtual` (also when unset), `WIDTHxHEIGHT` (virtual of that size), or `display` (the present one, `DISPLAY`).
 *
 * @throws DesktopError DESKTOP_SETTING_INVALID, DESKTOP_NO_DISPLAY
 */
export function desktopSettings(env: Readonly<Record<string, string | undefined>>): DesktopSettings {
  const text = (env['CASARE_DESKTOP'] ?? '').trim();
  if (text === '' || text === 'virtual') return { kind: 'virtual', screen: DEFAULT_SCREEN };
  if (text === 'display') {
    const display = env['DISPLAY'] ?? '';
    if (display !== '') return { kind: 'present', display };
    const why =
      'CASARE_DESKTOP is "display" and there is no DISPLAY: start the agent in a desktop session, or unset it';
    throw new DesktopError('DESKTOP_NO_DISPLAY', why);
  }
  const [, width, height] = /^(\d{3,4})x(\d{3,4})$/.exec(text) ?? [];
  const screen = { width: Number(width), height: Number(height) };
  if ([screen.width, screen.height].every((side) => side >= SMALLEST && side <= LARGEST)) {
    return { kind: 'virtual', screen };
  }
  throw new DesktopError(
    'DESKTOP_SETTING_INVALID',
    `CASARE_DESKTOP is ${JSON.stringify(text.slice(0, 100))}: write "virtual", a size such as "1920x1080" (each side from ${SMALLEST} to ${LARGEST}), or "display"`,
  );
}
