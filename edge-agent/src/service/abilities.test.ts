/** What worker hosts say they can do becomes slots and capabilities. The hosts and their sessions of Windows are doubles. */
import { expect, test } from 'vitest';
import { HostedAbilities } from './abilities.ts';

const BROWSER = { ok: true, path: '/b', version: '153', sandbox: true, why: null };
const DESKTOP = { ok: true, found: 'the screen of Windows', many: false };
const ALL = { plain: 4, browser: 2, desktop: 3 };
const session = { id: 1, user: 'anna', isConnected: true, isLocked: false, width: 800, height: 600, dpi: 96 };

test('without a host there is no slot of any kind', () => {
  const none = new HostedAbilities({ probed: [], identities: [], sessions: [], desktops: 0 });
  expect(none.slots(ALL)).toEqual({ plain: 0, browser: 0, desktop: 0 });
  expect(none.capabilities()).toEqual([]);
  expect(none.browser()).toBe('no worker host is here');
});

test('each session has one desktop slot; one that is locked has none, and says so', () => {
  const probed = [
    { browser: BROWSER, desktop: DESKTOP },
    { browser: BROWSER, desktop: DESKTOP },
  ];
  const sessions = [session, { ...session, id: 2, isLocked: true }];
  const two = new HostedAbilities({ probed, identities: ['session 1', 'session 2'], sessions, desktops: 1 });
  expect(two.slots(ALL)).toEqual({ plain: 4, browser: 2, desktop: 1 });
  expect(two.capabilities()).toEqual(expect.arrayContaining(['desktop', 'session=active', 'session=locked']));
  expect(two.desktop()).toContain('session 2 of anna: locked');
});

test('where each run makes a display of its own there are as many as are configured', () => {
  const probed = [{ browser: { ...BROWSER, ok: false }, desktop: { ...DESKTOP, many: true } }];
  const displays = new HostedAbilities({ probed, identities: ['uid 998'], sessions: [], desktops: Infinity });
  expect(displays.slots(ALL)).toEqual({ plain: 4, browser: 0, desktop: 3 });
});
