/** The driver of Linux desktops: elements by AT-SPI, windows, pointer, keyboard, clipboard and pictures by X11. */
import { AccessibilityBus } from './atspi/accessibility-bus.ts';
import { AtspiElements } from './atspi/elements.ts';
import type { DesktopDriver } from './desktop-driver.ts';
import { XClipboard } from './x11/clipboard.ts';
import type { XConnection } from './x11/connection.ts';
import { XInput } from './x11/input.ts';
import { XScreen } from './x11/screen.ts';
import { XWindows } from './x11/windows.ts';

/**
 * Over a connection to the display, which stays its owner's, and the session bus at an address.
 *
 * @throws DesktopError DESKTOP_NOT_STARTED when there is no accessibility bus
 */
export async function openAtspiDriver(connection: XConnection, sessionBus: string): Promise<DesktopDriver> {
  const bus = await AccessibilityBus.connect(sessionBus);
  const elements = new AtspiElements(bus);
  const gone = Promise.race([connection.gone, bus.gone]);
  // Whoever does not look at it does not want to be ended by it.
  gone.catch(() => undefined);
  return {
    kind: 'atspi',
    elements,
    windows: new XWindows(connection, (window) => elements.bounds(window.element)),
    input: await XInput.open(connection),
    clipboard: XClipboard.open(connection),
    screen: new XScreen(connection),
    changes: null,
    gone,
    close: () => bus.close(),
  };
}
