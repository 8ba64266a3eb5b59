/**
 * What a desktop can do for steps, whatever its system: AT-SPI with X11 on Linux, UI Automation on Windows. Finding by selector, waiting, judging whether an element can be used, and proposals are built on this and are
 * the same for all. `desktop-driver.conformance.ts` is the suite that each driver passes.
 *
 * Every method is bounded in time by the driver and rejects with a `DesktopError`: ELEMENT_GONE for an element that has
 * ended, APPLICATION_NOT_ANSWERING, DESKTOP_GONE. Methods of a pattern answer false or null where the element lacks it.
 */
import type { SelectorRole } from '@casare/shared/workflow';
import type { Changes } from './changes.ts';

/** A rectangle of the screen, pixels. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** What an element says of itself; what is not there is not so. */
export type ElementState =
  | 'showing'
  | 'enabled'
  | 'focusable'
  | 'focused'
  | 'checkable'
  | 'checked'
  | 'mixed'
  | 'selectable'
  | 'selected'
  | 'expandable'
  | 'expanded'
  | 'editable'
  | 'readonly'
  | 'multiline'
  | 'modal'
  /** A window that takes no input until a dialog of it is answered. */
  | 'blocked'
  | 'active'
  | 'protected'
  /** Of what is in it, only what lies inside of it is seen: a scrolled area, a table. */
  | 'clips';

/** An element as it was when it was read. */
export interface DesktopElement {
  /** The driver's own name for it; the same element has the same one. */
  readonly ref: string;
  /** The roles by which selectors find it, the one to write in a selector first. */
  readonly roles: readonly [SelectorRole, ...SelectorRole[]];
  /** What its own system calls it. */
  readonly nativeRole: string;
  /** The accessible name, after labels; empty for none. */
  readonly name: string;
  /** AutomationId or accessible-id; empty for none. */
  readonly id: string;
  readonly states: ReadonlySet<ElementState>;
}

/** A top-level window. */
export interface DesktopWindow {
  readonly element: DesktopElement;
  readonly title: string;
  /** The program's path, links resolved; its name where no more is known. */
  readonly application: string;
  readonly process: number;
  /** The processes that started it, the nearest first, where the driver knows them. */
  readonly startedBy?: readonly number[];
  /** It has the focus. */
  readonly active: boolean;
}

/** A number in a range, such as of a slider. */
export interface RangeValue {
  readonly value: number;
  readonly least: number;
  readonly most: number;
}

/** A table as text; `columns` are the headers, or the columns' numbers from 1 where there are none. */
export interface DesktopTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** What lies above an element where it would be clicked. */
export interface Cover {
  /** For a person: the title of a window, or what it is. */
  readonly what: string;
}

export type MouseButton = 'left' | 'middle' | 'right';
export type ScrollDirection = 'up' | 'down' | 'left' | 'right';
export type WindowState = 'normal' | 'maximized' | 'minimized';

/** Elements: their tree and what they can do without pointer and keyboard. */
export interface ElementDriver {
  /** The top-level windows of all applications. */
  windows(): Promise<DesktopWindow[]>;
  /** In the order of the tree. Of a table with more cells than anybody reads, those that show. */
  children(element: DesktopElement): Promise<DesktopElement[]>;
  /** The element as it is now; null when it is gone. */
  again(element: DesktopElement): Promise<DesktopElement | null>;
  /** Where it is on the screen, far outside of it when it is not drawn; null when its place cannot be known. */
  bounds(element: DesktopElement): Promise<Box | null>;
  /**
   * Whether an action returns at once, also when it opens a dialog. Where not, an application that runs its dialog inside
   * the action (gtk_dialog_run) answers nothing until it is closed: then steps use the pointer.
   */
  readonly actionsReturn: boolean;
  /** Whether windows say that they are `blocked`. Where not, any modal window of a program may block each of its others. */
  readonly saysBlocked: boolean;
  /** Does its main action: pushes a button, chooses a menu item, toggles. */
  invoke(element: DesktopElement): Promise<boolean>;
  focus(element: DesktopElement): Promise<boolean>;
  /** Scrolls it into view; `around` is what it is in, from the outermost in. */
  reveal(element: DesktopElement, around: readonly DesktopElement[]): Promise<boolean>;
  /** Selects it in its list. */
  select(element: DesktopElement): Promise<boolean>;
  expand(element: DesktopElement, expanded: boolean): Promise<boolean>;
  /** The text that it holds; null when it holds none. */
  text(element: DesktopElement): Promise<string | null>;
  /** Replaces its text. True says only that it was asked to: read back. */
  setText(element: DesktopElement, text: string): Promise<boolean>;
  range(element: DesktopElement): Promise<RangeValue | null>;
  setRange(element: DesktopElement, value: number): Promise<boolean>;
  /** Resolves when the window's application has read so many events of pointer and keyboard, or does not answer. */
  settled(window: DesktopWindow, events: number): Promise<void>;
  /** At most `rows` rows from the beginning. */
  table(element: DesktopElement, rows: number): Promise<DesktopTable | null>;
}

/** Windows as the window manager sees them. */
export interface WindowDriver {
  /** Brings it to the front and gives it the focus. */
  activate(window: DesktopWindow): Promise<void>;
  /** Asks it to close, as its close button does. */
  close(window: DesktopWindow): Promise<void>;
  place(window: DesktopWindow, place: Partial<Box>): Promise<void>;
  setState(window: DesktopWindow, state: WindowState): Promise<void>;
  /** Without decorations; null when it does not show. */
  bounds(window: DesktopWindow): Promise<Box | null>;
  state(window: DesktopWindow): Promise<WindowState>;
  /** Where windows of other programs than these lie: of those that show nothing to accessibility, or do not answer. */
  others(known: readonly DesktopWindow[]): Promise<Box[]>;
  /** Of the window alone, also what other programs' windows cover or what is off the screens, where the system can give that. */
  picture(window: DesktopWindow): Promise<Picture | null>;
  /** What lies above the window at a point; null for nothing. `popup` says that a menu of its own program may. */
  coverAt(window: DesktopWindow, point: Point, popup: boolean): Promise<Cover | null>;
}

/** Pointer and keyboard, as a person's. */
export interface InputDriver {
  click(point: Point, button: MouseButton, count: number): Promise<void>;
  /** After each move of the pointer `moved` is waited for: whoever gets the events has read them. */
  drag(from: Point, to: Point, moved: () => Promise<void>): Promise<void>;
  /** Turns the wheel so many notches. */
  scroll(point: Point, direction: ScrollDirection, notches: number): Promise<void>;
  /** Types text, any characters. */
  type(text: string): Promise<void>;
  /** Presses keys together, the last one being released first; names as in `keys.ts`. */
  press(keys: readonly string[]): Promise<void>;
}

export interface ClipboardDriver {
  read(): Promise<string>;
  write(text: string): Promise<void>;
}

/** A picture of a part of the screens: rows from the top, three bytes a pixel. */
export interface Picture {
  /** Where on the screens its first pixel is, or would be. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly rgb: Buffer;
}

export interface ScreenDriver {
  /** All screens together: it begins left of or above 0, 0 where screens lie there. */
  readonly area: Box;
  /** The part of the screens inside the box. */
  capture(box: Box): Promise<Picture>;
}

/** One desktop. */
export interface DesktopDriver {
  readonly kind: 'atspi' | 'uia';
  readonly elements: ElementDriver;
  readonly windows: WindowDriver;
  readonly input: InputDriver;
  readonly clipboard: ClipboardDriver;
  readonly screen: ScreenDriver;
  /** Signs of change, for whoever waits; null where there are none and only looking again helps. */
  readonly changes: Changes | null;
  /** Rejects when the desktop has ended. */
  readonly gone: Promise<never>;
  close(): void;
}
