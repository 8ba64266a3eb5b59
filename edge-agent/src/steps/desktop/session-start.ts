/** The desktop of a run that has none yet. */
import type { ScreenSize, StartedDesktop } from '../../desktop/index.ts';
import { StepFailure } from '../../engine/index.ts';
import { untilAborted } from '../within.ts';
import { DesktopSession } from './session.ts';
import type { SessionFrame } from './step.ts';

/** Makes a desktop; `screen` where the document says its size. */
export type DesktopStart = (screen?: ScreenSize) => Promise<StartedDesktop>;

/**
 * The run's session, started if there is none.
 *
 * @throws StepFailure SCREEN_SIZE_FIXED, and what keeps a desktop from starting
 */
export async function sessionFor(
  { context, signal }: SessionFrame,
  start: DesktopStart,
  screen?: ScreenSize,
): Promise<DesktopSession> {
  const present = DesktopSession.find(context);
  if (present !== null && !present.isGone) {
    const { width, height } = present.driver.screen.area;
    if (screen === undefined || (screen.width === width && screen.height === height)) return present;
    throw new StepFailure({
      type: 'validation',
      status: 409,
      code: 'SCREEN_SIZE_FIXED',
      title: 'The display has another size',
      detail: `It is ${width} by ${height} pixels since an earlier step started it: give \`screen\` there, or end it with desktop.close first`,
      certain: true,
    });
  }
  await DesktopSession.end(context);
  const starting = start(screen);
  let desktop: StartedDesktop;
  try {
    desktop = await untilAborted(signal, starting);
  } catch (error) {
    // It may come up after all, when nobody waits for it any more.
    starting.then((late) => late.close()).catch(() => undefined);
    throw error;
  }
  const session = new DesktopSession(desktop);
  session.register(context);
  return session;
}
