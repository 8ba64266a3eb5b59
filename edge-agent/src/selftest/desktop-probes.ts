/**
 * Probes of the desktop, by the driver that jobs use: the same on Windows and Linux. One editor serves all of them; it is
 * started once, and ended with the desktop.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import {
  type DesktopDriver,
  type DesktopElement,
  type DesktopWindow,
  findProgram,
  startDesktop,
  type StartedDesktop,
} from '../desktop/index.ts';
import { describe } from '../fault.ts';
import { failed, type Outcome, passed, type Probe, type Scene, skipped } from './probe.ts';

const TEXT = 'Größe 42 Ж';
/** In this order; the first one that is there. */
const EDITORS: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  linux: ['mousepad', 'gedit', 'gnome-text-editor', 'kate'],
};
const EDITOR = /notepad|mousepad|gedit|text-editor|kate/i;
const WINDOW_MS = 30_000;
const LOOK_AGAIN_MS = 200;
const SEARCHED = 2_000;
/** Pixels by which the two may differ: borders and shadows. */
const NEAR = 40;

/** An editor on a desktop. */
interface Stage {
  readonly desktop: StartedDesktop;
  readonly window: DesktopWindow;
  readonly field: DesktopElement;
  close(): Promise<void>;
}

export type DesktopPoint = 'desktop.find' | 'desktop.text' | 'desktop.typing' | 'desktop.screenshot' | 'desktop.dpi';

/** Starts a desktop and looks at it. */
export const desktopStart: Probe = async ({ environment }) => {
  const desktop = await startDesktop({ env: environment });
  try {
    const windows = await desktop.driver.elements.windows();
    const { width, height } = desktop.driver.screen.area;
    return passed(`${desktop.driver.kind}, ${width}x${height}, ${windows.length} windows`);
  } finally {
    await desktop.close();
  }
};

/** Runs the probes that share the editor. Where it does not come up, the first has failed and the others are skipped. */
export async function desktopProbes(scene: Scene, ids: readonly DesktopPoint[]): Promise<Map<DesktopPoint, Outcome>> {
  const outcomes = new Map<DesktopPoint, Outcome>();
  const program = await editorOf(scene);
  if (program === null) {
    for (const id of ids) outcomes.set(id, skipped('no editor that is known is installed'));
    return outcomes;
  }
  let stage: Stage;
  try {
    stage = await open(scene, program);
  } catch (error) {
    for (const id of ids)
      outcomes.set(id, id === 'desktop.find' ? failed(describe(error)) : skipped('no editor came up'));
    return outcomes;
  }
  try {
    for (const id of ids) outcomes.set(id, await tried(() => ACTS[id](stage)));
  } finally {
    await stage.close();
  }
  return outcomes;
}

const ACTS: Readonly<Record<DesktopPoint, (stage: Stage) => Promise<Outcome>>> = {
  'desktop.find': ({ field }) => Promise.resolve(passed(`a window and a field (${field.nativeRole})`)),
  'desktop.text': async ({ desktop: { driver }, field }) => {
    if (!(await driver.elements.setText(field, TEXT))) return failed('the field takes no text by its pattern');
    return readBack(driver, field);
  },
  'desktop.typing': async ({ desktop: { driver }, window, field }) => {
    await driver.elements.setText(field, '');
    await driver.windows.activate(window);
    await driver.elements.focus(field);
    await driver.input.type(TEXT);
    return readBack(driver, field);
  },
  'desktop.screenshot': async ({ desktop: { driver } }) => {
    const { width, height, rgb } = await driver.screen.capture(driver.screen.area);
    const isPlain = rgb.every((byte, index) => byte === rgb[index % 3]);
    return isPlain ? failed('one colour from edge to edge') : passed(`${width}x${height}`);
  },
  'desktop.dpi': async ({ desktop: { driver }, window }) => {
    const [one, other] = [await driver.windows.bounds(window), await driver.elements.bounds(window.element)];
    if (one === null || other === null) return failed('the place of the window is not known');
    const apart = Math.max(
      ...(['x', 'y', 'width', 'height'] as const).map((side) => Math.abs(one[side] - other[side])),
    );
    const text = `at most ${apart} pixels apart`;
    return apart <= NEAR ? passed(text) : failed(text);
  },
};

async function open({ environment }: Scene, program: string): Promise<Stage> {
  const desktop = await startDesktop({ env: environment });
  const child = spawn(program, [], { env: desktop.env, stdio: 'ignore' });
  child.on('error', () => undefined);
  const close = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await desktop.close();
  };
  try {
    const { driver } = desktop;
    const before = new Set((await driver.elements.windows()).map(({ element }) => element.ref));
    for (const end = performance.now() + WINDOW_MS; performance.now() < end;) {
      for (const window of await driver.elements.windows()) {
        if (before.has(window.element.ref) && !EDITOR.test(window.application)) continue;
        const field = await fieldIn(driver, window.element);
        // an editor that hands its window to one that was open: what a person has written there is not touched
        if (field !== null && (await driver.elements.text(field)) === '') return { desktop, window, field, close };
      }
      await setTimeout(LOOK_AGAIN_MS);
    }
    throw new Error(`no window with an empty text field within ${WINDOW_MS / 1_000} s`);
  } catch (error) {
    await close();
    throw error;
  }
}

/** The first element below that holds editable text; by breadth, bounded. */
async function fieldIn(driver: DesktopDriver, root: DesktopElement): Promise<DesktopElement | null> {
  const open = [root];
  for (let looked = 0; looked < SEARCHED; looked += 1) {
    const element = open.shift();
    if (element === undefined) return null;
    const { states } = element;
    if (states.has('editable') && !states.has('readonly') && states.has('showing')) return element;
    open.push(...(await driver.elements.children(element).catch(() => [])));
  }
  return null;
}

/** The text arrives a moment after it was sent. */
async function readBack(driver: DesktopDriver, field: DesktopElement): Promise<Outcome> {
  let text: string | null = null;
  for (const end = performance.now() + WINDOW_MS / 3; performance.now() < end;) {
    text = await driver.elements.text(field);
    if (text?.trimEnd() === TEXT) return passed('read back the same');
    await setTimeout(LOOK_AGAIN_MS);
  }
  return failed(`read back: ${JSON.stringify(text?.slice(0, 40) ?? null)}`);
}

async function editorOf({ environment, platform }: Scene): Promise<string | null> {
  // part of every Windows, and found by Windows itself
  if (platform === 'win32') return 'notepad.exe';
  for (const name of EDITORS[platform] ?? []) {
    const found = await findProgram(name, environment);
    if (found !== null) return found.path;
  }
  return null;
}

async function tried(act: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await act();
  } catch (error) {
    return failed(describe(error));
  }
}
