/** Sessions of Windows, as doubles: what their state means. How it is asked for is tried by Wine. */
import { expect, test } from 'vitest';
import { isUsable, sessionCapabilities, sessionText, type SessionState } from './session.decision.ts';

const ACTIVE: SessionState = {
  ...{ id: 2, user: 'anna', isConnected: true, isLocked: false },
  ...{ width: 1920, height: 1080, dpi: 144 },
};

test.each([
  [ACTIVE, true, ['session=active', 'screen=1920x1080', 'screen.dpi=144']],
  [{ ...ACTIVE, isLocked: true }, false, ['session=locked']],
  [{ ...ACTIVE, isConnected: false }, false, ['session=disconnected']],
  // Whoever has left is locked too: it is the connection that is missing.
  [{ ...ACTIVE, isConnected: false, isLocked: true }, false, ['session=disconnected']],
])('%o', (session, usable, capabilities) => {
  expect(isUsable(session)).toBe(usable);
  expect(sessionCapabilities([session])).toEqual(capabilities);
});

test('several sessions are told together, a system without sessions has nothing to tell', () => {
  expect(isUsable(null)).toBe(true);
  expect(sessionCapabilities([])).toEqual([]);
  expect(sessionCapabilities([ACTIVE, { ...ACTIVE, id: 3, isLocked: true }, ACTIVE])).toEqual([
    'session=active',
    'screen=1920x1080',
    'screen.dpi=144',
    'session=locked',
  ]);
  expect(sessionText(ACTIVE)).toBe('session 2 of anna: active, 1920x1080 at 144 dpi');
});
