/** The top-level windows of the session as Windows has them, in their order from the front. */
import { isWithin, overlaps, within } from '../area.ts';
import type { Box, Cover, Point, WindowState } from '../desktop-driver.ts';
import { textOf, type WindowsApi } from './api.ts';
import type { WindowsInput } from './input.ts';
import { boxOf, rectangleAt } from './rectangle.ts';

/** A window as it was when it was read. */
export interface TopWindow {
  readonly handle: number;
  readonly title: string;
  readonly className: string;
  readonly process: number;
  readonly thread: number;
}

const [GWL_STYLE, GWL_EXSTYLE] = [-16, -20];
const [CAPTION, TOOL_WINDOW] = [0x00c00000, 0x80];
const [NEXT, OWNER, FIRST_CHILD] = [2, 4, 5];
const ROOT = 2;
const CLOSE = 0x10;
const SHOW = { normal: 9, maximized: 3, minimized: 6 } as const;
const QUERY_LIMITED = 0x1000;
/** DWMWA_CLOAKED. */
const CLOAKED = 14;
const NEAREST = 2;
/** MONITORINFO: its size, and where it says what the screen's place is. */
const MONITOR = { size: 40, place: 4 } as const;
const PROCESSES = 2;
const ENTRY = { size: 568, process: 8, parent: 32 } as const;
/** What is the session's own and no program's. */
const SHELL = new Set(['Progman', 'WorkerW', 'Shell_TrayWnd', 'Shell_SecondaryTrayWnd', '#32769']);
/** What a window opens above itself: menus, lists of combo boxes. */
const POPUPS = new Set(['#32768', 'ComboLBox']);
const PASSING = new Set(['tooltips_class32', 'SysShadow', 'IME', 'MSCTFIME UI']);
const MOST_WINDOWS = 2_000;
const MOST_PARENTS = 20;

export class TopWindows {
  readonly #api: WindowsApi;
  readonly #input: WindowsInput;

  constructor(api: WindowsApi, input: WindowsInput) {
    this.#api = api;
    this.#input = input;
  }

  /** Windows that a person would call so, also those that are minimized. */
  list(): TopWindow[] {
    return this.#all().filter(({ handle, title, className }) => {
      if (SHELL.has(className) || POPUPS.has(className) || PASSING.has(className)) return false;
      const style = this.#api.GetWindowLongW(handle, GWL_STYLE);
      const isTool = (this.#api.GetWindowLongW(handle, GWL_EXSTYLE) & TOOL_WINDOW) !== 0;
      return !isTool && (title !== '' || (style & CAPTION) === CAPTION) && !this.#api.IsHungAppWindow(handle);
    });
  }

  /** The menus and lists that the program of a window has opened above it. */
  popupsOf(handle: number): TopWindow[] {
    const thread = this.#api.GetWindowThreadProcessId(handle, Buffer.alloc(4));
    return this.#all().filter((window) => window.thread === thread && POPUPS.has(window.className));
  }

  /** The windows directly inside a window that show. */
  childrenOf(handle: number): number[] {
    const found: number[] = [];
    let child = this.#api.GetWindow(handle, FIRST_CHILD);
    while (child !== 0 && found.length < MOST_WINDOWS) {
      if (this.#api.IsWindowVisible(child)) found.push(child);
      child = this.#api.GetWindow(child, NEXT);
    }
    return found;
  }

  /** What lies at a point above a window; null for nothing. */
  coverAt(handle: number, point: Point, popup: boolean): Cover | null {
    const top = this.#api.GetAncestor(this.#api.WindowFromPoint(point), ROOT);
    if (top === 0 || top === handle) return null;
    const over = this.#read(top);
    if (popup && over.process === this.#read(handle).process) return null;
    return { what: over.title === '' ? `a window of ${over.className}` : `the window ${JSON.stringify(over.title)}` };
  }

  /** Whether all of a window can be seen: no window of another program lies above it, and it lies on the screens. */
  isSeenWhole(handle: number, place: Box, screens: Box): boolean {
    const all = this.#all();
    const above = all.slice(
      0,
      all.findIndex((window) => window.handle === handle),
    );
    const { process } = this.#read(handle);
    const covers = above.some((window) => {
      if (window.process === process || SHELL.has(window.className) || this.#isCloaked(window.handle)) return false;
      const box = this.bounds(window.handle);
      return box !== null && overlaps(box, place);
    });
    return !covers && isWithin(place, screens);
  }

  /** Where the windows of other programs than these lie. */
  others(known: readonly number[]): Box[] {
    const processes = new Set(known.map((handle) => this.#read(handle).process));
    return this.#all()
      .filter(({ process, className }) => !processes.has(process) && !SHELL.has(className))
      .filter(({ handle }) => !this.#isCloaked(handle))
      .filter(({ handle }) => this.bounds(handle) !== null)
      .map(({ handle }) => this.frame(handle));
  }

  /** Windows brings to the front for whoever had the last input: that is us after an input that does nothing. */
  activate(handle: number): void {
    if (this.#api.IsIconic(handle)) this.#api.ShowWindowAsync(handle, SHOW.normal);
    if (this.#api.GetForegroundWindow() === handle) return;
    this.#input.touch();
    this.#api.BringWindowToTop(handle);
    this.#api.SetForegroundWindow(handle);
  }

  isActive(handle: number): boolean {
    return this.#api.GetForegroundWindow() === handle;
  }

  /** As its close button does. */
  close(handle: number): void {
    this.#api.PostMessageW(handle, CLOSE, 0, 0);
  }

  place(handle: number, place: { [K in keyof Box]?: number | undefined }): void {
    const now = this.frame(handle);
    const [x, y] = [place.x ?? now.x, place.y ?? now.y];
    this.#api.MoveWindow(handle, x, y, place.width ?? now.width, place.height ?? now.height, true);
  }

  setState(handle: number, state: WindowState): void {
    this.#api.ShowWindowAsync(handle, SHOW[state]);
  }

  state(handle: number): WindowState {
    if (this.#api.IsIconic(handle)) return 'minimized';
    return this.#api.IsZoomed(handle) ? 'maximized' : 'normal';
  }

  /** What shows of it where nothing lies above it; null for a window that does not show. */
  bounds(handle: number): Box | null {
    if (!this.#api.IsWindowVisible(handle) || this.#api.IsIconic(handle)) return null;
    const box = this.frame(handle);
    if (box.width <= 0 || box.height <= 0) return null;
    // The frame of a maximized window lies outside of its screen, and does not show on the next one.
    const screen = this.#api.IsZoomed(handle) ? this.#screenOf(handle) : null;
    return screen === null ? box : within(box, screen);
  }

  /** All of a window, with what of it never shows. */
  frame(handle: number): Box {
    return boxOf(this.#api, handle);
  }

  shows(handle: number): boolean {
    return this.#api.IsWindowVisible(handle) && !this.#api.IsIconic(handle);
  }

  exists(handle: number): boolean {
    return this.#api.IsWindow(handle);
  }

  /** A dialog: its owner takes no input until it is closed. */
  isModal(handle: number): boolean {
    const owner = this.#api.GetWindow(handle, OWNER);
    return owner !== 0 && !this.#api.IsWindowEnabled(owner);
  }

  /** The path of a process's program; empty where Windows does not tell. */
  programOf(process: number): string {
    const handle = this.#api.OpenProcess(QUERY_LIMITED, false, process);
    if (handle === 0) return '';
    try {
      const size = Buffer.alloc(4);
      size.writeUInt32LE(2_048);
      const name = Buffer.alloc(4_096);
      if (!this.#api.QueryFullProcessImageNameW(handle, 0, name, size)) return '';
      return name.toString('utf16le', 0, size.readUInt32LE(0) * 2);
    } finally {
      this.#api.CloseHandle(handle);
    }
  }

  /** Which process started which, of all there are. */
  parents(): ReadonlyMap<number, number> {
    const found = new Map<number, number>();
    const snapshot = this.#api.CreateToolhelp32Snapshot(PROCESSES, 0);
    const entry = Buffer.alloc(ENTRY.size);
    entry.writeUInt32LE(ENTRY.size, 0);
    for (
      let more = this.#api.Process32FirstW(snapshot, entry);
      more;
      more = this.#api.Process32NextW(snapshot, entry)
    ) {
      found.set(entry.readUInt32LE(ENTRY.process), entry.readUInt32LE(ENTRY.parent));
    }
    this.#api.CloseHandle(snapshot);
    return found;
  }

  #all(): TopWindow[] {
    const handles: number[] = [];
    this.#api.EnumWindows((handle) => {
      if (this.#api.IsWindowVisible(handle)) handles.push(handle);
      return handles.length < MOST_WINDOWS;
    }, 0);
    return handles.map((handle) => this.#read(handle));
  }

  #read(handle: number): TopWindow {
    const process = Buffer.alloc(4);
    const thread = this.#api.GetWindowThreadProcessId(handle, process);
    return {
      handle,
      thread,
      process: process.readUInt32LE(0),
      title: textOf((text, most) => this.#api.GetWindowTextW(handle, text, most)),
      className: textOf((text, most) => this.#api.GetClassNameW(handle, text, most)),
    };
  }

  /** Windows has it, and shows it nowhere: of a packaged app that sleeps, or on another virtual desktop. */
  #isCloaked(handle: number): boolean {
    const cloaked = Buffer.alloc(4);
    return this.#api.DwmGetWindowAttribute?.(handle, CLOAKED, cloaked, 4) === 0 && cloaked.readUInt32LE(0) !== 0;
  }

  /** The screen that most of a window is on; null where Windows does not tell. */
  #screenOf(handle: number): Box | null {
    const info = Buffer.alloc(MONITOR.size);
    info.writeUInt32LE(MONITOR.size, 0);
    const isTold = this.#api.GetMonitorInfoW(this.#api.MonitorFromWindow(handle, NEAREST), info);
    return isTold ? rectangleAt(info, MONITOR.place) : null;
  }
}

/** The processes that started a process, the nearest first. A number that is used again makes no circle. */
export function startedBy(process: number, parents: ReadonlyMap<number, number>): number[] {
  const chain: number[] = [];
  let current = parents.get(process);
  while (
    current !== undefined &&
    current > 4 &&
    current !== process &&
    chain.length < MOST_PARENTS &&
    !chain.includes(current)
  ) {
    chain.push(current);
    current = parents.get(current);
  }
  return chain;
}
