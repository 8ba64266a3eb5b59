/** What the state of a session means for desktop jobs, and how it is told. Pure. */
import type { WindowsSession } from '../windows/index.ts';

/** A session of people, as its worker host sees it. */
export type SessionState = WindowsSession;

/** `active`: its screen can be worked on. What is clicked on one that nobody can see arrives nowhere. */
export function standingOf({ isConnected, isLocked }: SessionState): 'active' | 'locked' | 'disconnected' {
  if (!isConnected) return 'disconnected';
  return isLocked ? 'locked' : 'active';
}

/** True when desktop jobs may go there; also where there are no sessions. */
export function isUsable(session: SessionState | null): boolean {
  return session === null || standingOf(session) === 'active';
}

/** For routing and for people: how the sessions stand, and how large their screens are. */
export function sessionCapabilities(sessions: readonly SessionState[]): string[] {
  const labels = sessions.flatMap((session) => [
    `session=${standingOf(session)}`,
    ...(standingOf(session) === 'active'
      ? [`screen=${session.width}x${session.height}`, `screen.dpi=${session.dpi}`]
      : []),
  ]);
  return [...new Set(labels)];
}

/** One line for a person. */
export function sessionText(session: SessionState): string {
  const { id, user, width, height, dpi } = session;
  return `session ${id} of ${user || 'nobody'}: ${standingOf(session)}, ${width}x${height} at ${dpi} dpi`;
}
