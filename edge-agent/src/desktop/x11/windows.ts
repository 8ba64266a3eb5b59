/**
 * Top-level windows as the window manager sees them (EWMH). An accessible window is matched to its X window by process
 * and title, and by its place where several have the same.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type x11 from 'x11';
import type { Box, Cover, DesktopWindow, Point, WindowDriver, WindowState } from '../desktop-driver.ts';
import { DesktopError } from '../desktop-error.ts';
import type { XConnection } from './connection.ts';

/** How long a window manager may take to do what it is asked, milliseconds. */
const ANSWER_MS = 3_000;
const LOOK_AGAIN_MS = 20;
/** Levels between a window and the frame that the window manager puts around it. */
const MAX_LEVELS = 10;
const VIEWABLE = 2;
const INPUT_ONLY = 2;
const ICONIC = 3;
const NORMAL = 1;
/** Who asks (EWMH, source indication): a pager, whose wishes are granted. */
const PAGER = 2;
const [REMOVE, ADD] = [0, 1];

/** Where the window is on the screen: asked of the accessible side, to tell windows of one name apart. */
type BoundsOf = (window: DesktopWindow) => Promise<Box | null>;

export class XWindows implements WindowDriver {
  readonly #connection: XConnection;
  readonly #boundsOf: BoundsOf;

  constructor(connection: XConnection, boundsOf: BoundsOf) {
    this.#connection = connection;
    this.#boundsOf = boundsOf;
  }

  async activate(window: DesktopWindow): Promise<void> {
    const id = await this.#idOf(window);
    await this.#tell(id, '_NET_ACTIVE_WINDOW', [PAGER, 0, 0]);
    await this.#until(async () => (await this.#active()) === id);
  }

  async close(window: DesktopWindow): Promise<void> {
    await this.#tell(await this.#idOf(window), '_NET_CLOSE_WINDOW', [0, PAGER]);
  }

  async place(window: DesktopWindow, { x, y, width, height }: Partial<Box>): Promise<void> {
    const id = await this.#idOf(window);
    const given = [x, y, width, height].map((value, index) => (value === undefined ? 0 : 1 << (8 + index)));
    // Static gravity: the place is that of the window itself, without what the window manager puts around it.
    const STATIC = 10;
    const flags = given.reduce((all, flag) => all | flag, STATIC | (PAGER << 12));
    await this.#tell(id, '_NET_MOVERESIZE_WINDOW', [flags, x ?? 0, y ?? 0, width ?? 0, height ?? 0]);
    await this.#connection.settled();
  }

  async setState(window: DesktopWindow, state: WindowState): Promise<void> {
    const id = await this.#idOf(window);
    if (state === 'minimized') {
      await this.#tell(id, 'WM_CHANGE_STATE', [ICONIC]);
    } else {
      if ((await this.#stateOf(id)) === 'minimized') await this.#tell(id, '_NET_ACTIVE_WINDOW', [PAGER, 0, 0]);
      const [vertical, horizontal] = await this.#maximizedAtoms();
      await this.#tell(id, '_NET_WM_STATE', [state === 'maximized' ? ADD : REMOVE, vertical, horizontal, PAGER]);
    }
    await this.#until(async () => (await this.#stateOf(id)) === state);
  }

  async state(window: DesktopWindow): Promise<WindowState> {
    return this.#stateOf(await this.#idOf(window));
  }

  async bounds(window: DesktopWindow): Promise<Box | null> {
    const id = await this.#idOf(window);
    return (await this.#stateOf(id)) === 'minimized' ? null : this.#placeOf(id);
  }

  async coverAt(window: DesktopWindow, point: Point, popup: boolean): Promise<Cover | null> {
    const top = await this.#topAt(point);
    if (top === null) return { what: 'the edge of the screen' };
    const own = await this.#idOf(window).catch(() => null);
    if (own !== null && (top === own || (await this.#isInside(own, top)))) return null;
    const client = (await this.#clientInside(top)) ?? top;
    const process = await this.#processOf(client);
    const attributes = await this.#attributes(client);
    if (popup && process === window.process && attributes?.overrideRedirect === 1) return null;
    const title = await this.#titleOf(client);
    return { what: title === '' ? 'a window without a title, such as a menu' : `the window ${JSON.stringify(title)}` };
  }

  /** X keeps nothing of what is covered. */
  async picture(): Promise<null> {
    return null;
  }

  async others(known: readonly DesktopWindow[]): Promise<Box[]> {
    const processes = new Set(known.map(({ process }) => process));
    const listed = await this.#connection.numbers(this.#connection.root, '_NET_CLIENT_LIST');
    const boxes = await Promise.all(
      listed.map(async (id) => {
        const process = await this.#processOf(id);
        if (process !== null && processes.has(process)) return null;
        return (await this.#stateOf(id)) === 'minimized' ? null : this.#placeOf(id);
      }),
    );
    return boxes.filter((box) => box !== null);
  }

  /** The X window of an accessible one. @throws DesktopError ELEMENT_GONE */
  async #idOf(window: DesktopWindow): Promise<number> {
    const listed = await this.#connection.numbers(this.#connection.root, '_NET_CLIENT_LIST');
    const known = await Promise.all(
      listed.map(async (id) => ({ id, process: await this.#processOf(id), title: await this.#titleOf(id) })),
    );
    const ofProcess = known.filter(({ process }) => process === window.process);
    const ofTitle = ofProcess.filter(({ title }) => title === window.title);
    const candidates = (ofTitle.length > 0 ? ofTitle : ofProcess).map(({ id }) => id);
    const [first, ...others] = candidates;
    if (first === undefined) {
      const title = JSON.stringify(window.title.slice(0, 200));
      throw new DesktopError('ELEMENT_GONE', `The window ${title} is not among the windows of the display`);
    }
    return others.length === 0 ? first : this.#nearest(candidates, await this.#boundsOf(window));
  }

  async #nearest(candidates: readonly number[], place: Box | null): Promise<number> {
    const distances = await Promise.all(
      candidates.map(async (id) => {
        const box = await this.#placeOf(id);
        if (box === null || place === null) return Infinity;
        return Math.abs(box.x - place.x) + Math.abs(box.y - place.y) + Math.abs(box.width - place.width);
      }),
    );
    return candidates[distances.indexOf(Math.min(...distances))]!;
  }

  async #tell(window: number, message: string, data: readonly number[]): Promise<void> {
    const type = await this.#connection.atom(message);
    this.#connection.client.SendClientMessage(this.#connection.root, window, type, 32, data);
  }

  /** Waits for the window manager; one that does not do it is not waited for any longer: whoever asked reads back. */
  async #until(holds: () => Promise<boolean>): Promise<void> {
    const until = Date.now() + ANSWER_MS;
    while (!(await holds()) && Date.now() < until) await delay(LOOK_AGAIN_MS);
  }

  async #active(): Promise<number> {
    return (await this.#connection.numbers(this.#connection.root, '_NET_ACTIVE_WINDOW'))[0] ?? 0;
  }

  async #stateOf(id: number): Promise<WindowState> {
    const [state = NORMAL] = await this.#connection.numbers(id, 'WM_STATE');
    if (state === ICONIC) return 'minimized';
    const states = new Set(await this.#connection.numbers(id, '_NET_WM_STATE'));
    return (await this.#maximizedAtoms()).every((atom) => states.has(atom)) ? 'maximized' : 'normal';
  }

  async #maximizedAtoms(): Promise<[number, number]> {
    return [
      await this.#connection.atom('_NET_WM_STATE_MAXIMIZED_VERT'),
      await this.#connection.atom('_NET_WM_STATE_MAXIMIZED_HORZ'),
    ];
  }

  async #processOf(id: number): Promise<number | null> {
    return (await this.#connection.numbers(id, '_NET_WM_PID'))[0] ?? null;
  }

  async #titleOf(id: number): Promise<string> {
    const title =
      (await this.#connection.property(id, '_NET_WM_NAME')) ?? (await this.#connection.property(id, 'WM_NAME'));
    return title?.data.toString('utf8') ?? '';
  }

  async #placeOf(id: number): Promise<Box | null> {
    const { root } = this.#connection;
    const [size, place] = await Promise.all([
      this.#connection.look<x11.Geometry>((client, done) => client.GetGeometry(id, done)),
      this.#connection.look<{ destX: number; destY: number }>((client, done) =>
        client.TranslateCoordinates(id, root, 0, 0, done),
      ),
    ]);
    if (size === null || place === null) return null;
    return { x: place.destX, y: place.destY, width: size.width, height: size.height };
  }

  /** The topmost child of the root that shows something at the point. */
  async #topAt({ x, y }: Point): Promise<number | null> {
    const tree = await this.#tree(this.#connection.root);
    for (const id of tree?.children.toReversed() ?? []) {
      const attributes = await this.#attributes(id);
      if (attributes?.mapState !== VIEWABLE || attributes.klass === INPUT_ONLY) continue;
      const box = await this.#placeOf(id);
      if (box !== null && x >= box.x && x < box.x + box.width && y >= box.y && y < box.y + box.height) return id;
    }
    return null;
  }

  async #isInside(id: number, outer: number): Promise<boolean> {
    let current = id;
    for (let level = 0; level < MAX_LEVELS; level += 1) {
      const parent = (await this.#tree(current))?.parent ?? 0;
      if (parent === outer) return true;
      if (parent === 0 || parent === this.#connection.root) return false;
      current = parent;
    }
    return false;
  }

  /** The application's window inside a window manager's frame: the one that has a WM_STATE. */
  async #clientInside(outer: number, level = 0): Promise<number | null> {
    if ((await this.#connection.numbers(outer, 'WM_STATE')).length > 0) return outer;
    if (level === MAX_LEVELS) return null;
    for (const child of (await this.#tree(outer))?.children ?? []) {
      const found = await this.#clientInside(child, level + 1);
      if (found !== null) return found;
    }
    return null;
  }

  #tree(id: number): Promise<{ parent: number; children: number[] } | null> {
    return this.#connection.look<{ root: number; parent: number; children: number[] }>((client, done) =>
      client.QueryTree(id, done),
    );
  }

  #attributes(id: number): Promise<x11.WindowAttributes | null> {
    return this.#connection.look<x11.WindowAttributes>((client, done) => client.GetWindowAttributes(id, done));
  }
}
