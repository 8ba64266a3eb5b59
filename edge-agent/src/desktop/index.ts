/** Desktops: displays for runs, drivers for what is on them, and selectors against what is shown. */
export type {
  Box,
  DesktopDriver,
  DesktopElement,
  DesktopTable,
  DesktopWindow,
  MouseButton,
  Picture,
  Point,
  ScrollDirection,
} from './desktop-driver.ts';
export { isInside, middleOf } from './area.ts';
export { DesktopError } from './desktop-error.ts';
export { inspectDesktop } from './inspect.ts';
export { parseKeys } from './keys.ts';
export { matching, unusable } from './match.ts';
export { desktopCapabilities, type DesktopProbe, probeDesktop } from './probe.ts';
export { candidatesFor, selectorFor } from './propose.ts';
export { findProgram, startProgram, type StartedProgram } from './session/programs.ts';
export type { ScreenSize } from './session/settings.ts';
export { sessionState } from './session/state.ts';
export { sessionIn, sessionOfProcess } from './session/windows-session.ts';
export { snapshotOf, type DesktopNode } from './snapshot.ts';
export { startDesktop, type StartedDesktop } from './start.ts';
