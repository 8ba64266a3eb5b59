/**
 * The driver of Windows desktops: elements by UI Automation, windows, pointer, keyboard, clipboard and pictures by Windows'
 * own functions, all in a host process of the session (`uia/host.ts`).
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { SelectorRole } from '@casare/shared/workflow';
import type {
  DesktopDriver,
  DesktopElement,
  DesktopWindow,
  ElementDriver,
  ElementState,
  InputDriver,
  Picture,
  ScrollDirection,
  WindowDriver,
} from './desktop-driver.ts';
import type { CallResult, Channel, WireElement, WireWindow } from './uia/calls.ts';
import { RemoteChanges } from './uia/remote-changes.ts';
import { RemoteDesktop } from './uia/remote.ts';
import { isKey } from './win32/virtual-keys.ts';

const LOOK_AGAIN_MS = 30;
/** Looks until a window must be as it was asked to be. */
const LOOKS = 60;
/** Looks in a row by which a window stays as it is. */
const SAME_LOOKS = 3;
/** Moves of the pointer on its way. */
const DRAG_STEPS = 10;
const DRAG_STEP_MS = 20;
/** Notches of the wheel: up and to the right are positive. */
const WHEEL: Readonly<Record<ScrollDirection, readonly [sign: number, across: boolean]>> = {
  up: [1, false],
  down: [-1, false],
  right: [1, true],
  left: [-1, true],
};

/** Begin the processes that read and use the desktop, and that hear its changes. */
export interface UiaProcesses {
  readonly host: () => Channel;
  readonly watch: () => Channel;
}

/**
 * @throws DesktopError DESKTOP_NOT_STARTED when there is no UI Automation
 */
export async function openUiaDriver({ host, watch }: UiaProcesses): Promise<DesktopDriver> {
  const remote = new RemoteDesktop(host);
  const changes = new RemoteChanges(watch);
  const area = await remote.call('hello').catch((error: unknown) => {
    remote.close();
    throw error;
  });
  return {
    kind: 'uia',
    elements: elementsOf(remote),
    windows: windowsOf(remote),
    input: inputOf(remote),
    clipboard: {
      read: () => remote.call('readClipboard'),
      write: async (text) => void (await remote.call('writeClipboard', text)),
    },
    screen: {
      area,
      capture: async (box) => pictureOf(await remote.call('capture', box)),
    },
    changes,
    gone: remote.gone,
    close: () => {
      changes.close();
      remote.close();
    },
  };
}

function elementsOf(remote: RemoteDesktop): ElementDriver {
  return {
    // Providers such as those of Windows Forms answer an Invoke only when the dialog that it opens is closed.
    actionsReturn: false,
    saysBlocked: true,
    windows: async () => (await remote.call('windows')).map(windowOf),
    children: async ({ ref }) => (await remote.call('children', ref)).map(elementOf),
    again: async ({ ref }) => {
      const element = await remote.call('again', ref);
      return element === null ? null : elementOf(element);
    },
    bounds: ({ ref }) => remote.call('bounds', ref),
    invoke: ({ ref }) => remote.call('invoke', ref),
    focus: ({ ref }) => remote.call('focus', ref),
    reveal: ({ ref }, around) =>
      remote.call(
        'reveal',
        ref,
        around.map((outer) => outer.ref),
      ),
    select: ({ ref }) => remote.call('select', ref),
    expand: ({ ref }, expanded) => remote.call('expand', ref, expanded),
    text: ({ ref }) => remote.call('text', ref),
    setText: ({ ref }, text) => remote.call('setText', ref, text),
    range: ({ ref }) => remote.call('range', ref),
    setRange: ({ ref }, value) => remote.call('setRange', ref, value),
    settled: async ({ element }, events) => void (await remote.call('settled', element.ref, events)),
    table: ({ ref }, rows) => remote.call('table', ref, rows),
  };
}

function windowsOf(remote: RemoteDesktop): WindowDriver {
  return {
    activate: async ({ element: { ref } }) => {
      for (let look = 0; look < LOOKS; look += 1) {
        await remote.call('activate', ref);
        const now = await remote.call('again', ref);
        if (now === null || now.states.includes('active')) return;
        await delay(LOOK_AGAIN_MS);
      }
    },
    close: async ({ element }) => void (await remote.call('close', element.ref)),
    place: async ({ element }, place) => void (await remote.call('place', element.ref, place)),
    setState: async ({ element: { ref } }, state) => {
      // A window that was minimized comes back as it was before, and may be maximized then: it is asked until it stays so.
      for (let look = 0, same = 0; look < LOOKS && same < SAME_LOOKS; look += 1) {
        if ((await remote.call('windowState', ref)) === state) same += 1;
        else {
          same = 0;
          await remote.call('setState', ref, state);
        }
        await delay(LOOK_AGAIN_MS);
      }
    },
    bounds: ({ element }) => remote.call('windowBounds', element.ref),
    state: ({ element }) => remote.call('windowState', element.ref),
    others: (known) =>
      remote.call(
        'others',
        known.map(({ element }) => element.ref),
      ),
    picture: async ({ element }) => {
      const picture = await remote.call('picture', element.ref);
      return picture === null ? null : pictureOf(picture);
    },
    coverAt: ({ element }, point, popup) => remote.call('coverAt', element.ref, point, popup),
  };
}

function inputOf(remote: RemoteDesktop): InputDriver {
  return {
    click: async (point, button, count) => void (await remote.call('click', point, button, count)),
    drag: async (from, to, moved) => {
      await remote.call('hold', from);
      try {
        for (let step = 1; step <= DRAG_STEPS; step += 1) {
          const part = step / DRAG_STEPS;
          const [x, y] = [from.x + (to.x - from.x) * part, from.y + (to.y - from.y) * part].map(Math.round);
          await remote.call('move', { x: x!, y: y! });
          await delay(DRAG_STEP_MS);
          await moved();
        }
      } finally {
        await remote.call('drop', to);
      }
    },
    scroll: async (point, direction, notches) => {
      const [sign, across] = WHEEL[direction];
      await remote.call('wheel', point, sign * notches, across);
    },
    type: async (text) => void (await remote.call('type', text)),
    press: async (keys) => {
      const strange = keys.find((key) => !isKey(key));
      if (strange !== undefined) throw new RangeError(`there is no key ${JSON.stringify(strange)}`);
      await remote.call('press', [...keys]);
    },
  };
}

function pictureOf({ rgb, ...picture }: CallResult<'capture'>): Picture {
  return { ...picture, rgb: Buffer.from(rgb) };
}

function windowOf({ element, title, application, process, startedBy, active }: WireWindow): DesktopWindow {
  return { element: elementOf(element), title, application, process, startedBy, active };
}

/** Roles and states are those that our own host makes. */
function elementOf({ ref, roles, nativeRole, name, id, states }: WireElement): DesktopElement {
  return {
    ...{ ref, nativeRole, name, id },
    roles: roles as unknown as readonly [SelectorRole, ...SelectorRole[]],
    states: new Set(states as ElementState[]),
  };
}
