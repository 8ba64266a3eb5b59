/** The elements of a Linux desktop: the tree of the accessibility bus and the interfaces of its elements. */
import { readlink } from 'node:fs/promises';
import type { Box, DesktopElement, DesktopTable, DesktopWindow, ElementDriver, RangeValue } from '../desktop-driver.ts';
import {
  type AccessibilityBus,
  type AtspiInterface,
  NotSupported,
  type ObjectRef,
  REGISTRY,
} from './accessibility-bus.ts';
import { DesktopError } from '../desktop-error.ts';
import { actionNames, doAction, mainAction } from './actions.ts';
import { SCREEN } from './constants.ts';
import { AtspiElement, isGone, refOf } from './element.ts';
import { labelFor } from '../labels.ts';
import { revealByBars } from './scroll-bars.ts';
import { readTable, showingCells } from './table.ts';
import { VclPlaces } from './vcl.ts';

/** Elements with more children are read in part: nobody sees so many at once. */
const MAX_CHILDREN = 2_000;
const LABELS = new Set(['label', 'static', 'caption']);
/** Calls under way at once. */
const AT_ONCE = 100;
/** Round trips that are made to see that an application has read its events. */
const MAX_ROUNDS = 500;
const TEXT_LENGTH = 1_000_000;
/** Scrolls so far that the element can be seen, wherever (ATSPI_SCROLL_ANYWHERE). */
const ANYWHERE = 6;
/** Actions that open and close what has no action of that name: an expander of GTK is a toggle button. */
const OPENING: Readonly<Record<string, RegExp>> = { 'combo box': /^(press|click)$/i, 'toggle button': /^activate$/i };

export class AtspiElements implements ElementDriver {
  readonly actionsReturn = false;
  readonly saysBlocked = false;
  readonly #bus: AccessibilityBus;
  readonly #vcl: VclPlaces;

  constructor(bus: AccessibilityBus) {
    this.#bus = bus;
    this.#vcl = new VclPlaces(bus);
  }

  async windows(): Promise<DesktopWindow[]> {
    const applications = await this.#childRefs(REGISTRY);
    const windows = await Promise.all(applications.map((application) => this.#windowsOf(application)));
    return windows.flat();
  }

  async children(element: DesktopElement): Promise<DesktopElement[]> {
    const { object, childCount, manages } = AtspiElement.of(element);
    if (childCount === 0) return [];
    try {
      const isLarge = manages && childCount > MAX_CHILDREN;
      const refs = isLarge ? await showingCells(this.#bus, object, MAX_CHILDREN) : await this.#childRefs(object);
      const read = await each(refs.slice(0, MAX_CHILDREN), (ref) => AtspiElement.read(this.#bus, ref));
      return await this.#named(read.filter((child) => child !== null));
    } catch (error) {
      // It went away while it was looked at: it has no children any more.
      if (isGone(error) || error instanceof NotSupported) return [];
      throw error;
    }
  }

  again(element: DesktopElement): Promise<DesktopElement | null> {
    const known = AtspiElement.of(element);
    return AtspiElement.read(this.#bus, known.object, known.roles[0] === 'window');
  }

  async bounds(element: DesktopElement): Promise<Box | null> {
    const [extents] = await this.#try(element, 'Component', 'GetExtents', [['u', SCREEN]]);
    if (!Array.isArray(extents)) return null;
    const [x = 0, y = 0, width = 0, height = 0] = extents.map(Number);
    if (width <= 0 || height <= 0) return null;
    const { object, nativeRole } = AtspiElement.of(element);
    const shift = await this.#vcl.shiftOf(object, nativeRole);
    return { x: x + shift.x, y: y + shift.y, width, height };
  }

  async invoke(element: DesktopElement): Promise<boolean> {
    const { object, nativeRole } = AtspiElement.of(element);
    const index = mainAction(nativeRole, (await this.#orNull(actionNames(this.#bus, object))) ?? []);
    return index !== null && doAction(this.#bus, object, index);
  }

  async focus(element: DesktopElement): Promise<boolean> {
    const [focused] = await this.#try(element, 'Component', 'GrabFocus');
    return focused === true;
  }

  async reveal(element: DesktopElement, around: readonly DesktopElement[]): Promise<boolean> {
    const [scrolled] = await this.#try(element, 'Component', 'ScrollTo', [['u', ANYWHERE]]);
    return scrolled === true || revealByBars(this, element, around);
  }

  /** An option of a combo box is an item of its menu: that only marks what is selected in it, so its action is done. */
  async select(element: DesktopElement): Promise<boolean> {
    const { object } = AtspiElement.of(element);
    if (element.roles.includes('menuitem')) return this.invoke(element);
    const parent = refOf(await this.#bus.get(object, 'Accessible', 'Parent'));
    if (parent === null) return false;
    const [index] = await this.#bus.call(object, 'Accessible', 'GetIndexInParent');
    const done = await this.#orNull(this.#bus.call(parent, 'Selection', 'SelectChild', [['i', Number(index)]]));
    return done?.[0] === true;
  }

  async expand(element: DesktopElement, expanded: boolean): Promise<boolean> {
    const { object, states, nativeRole } = AtspiElement.of(element);
    if (states.has('expanded') === expanded) return true;
    const names = (await this.#orNull(actionNames(this.#bus, object))) ?? [];
    const opens = OPENING[nativeRole] ?? /expand|contract|collapse/i;
    const index = names.findIndex((name) => opens.test(name));
    return index !== -1 && doAction(this.#bus, object, index);
  }

  async text(element: DesktopElement): Promise<string | null> {
    const { nativeRole, ownName } = AtspiElement.of(element);
    const [text] = await this.#try(element, 'Text', 'GetText', [
      ['i', 0],
      ['i', -1],
    ]);
    if (typeof text === 'string') return text.slice(0, TEXT_LENGTH);
    if (nativeRole !== 'combo box') return null;
    const field = (await this.children(element)).find((child) => child.states.has('editable'));
    return field === undefined ? ownName : this.text(field);
  }

  async setText(element: DesktopElement, text: string): Promise<boolean> {
    const field = await this.#fieldOf(element);
    const [done] = await this.#try(field, 'EditableText', 'SetTextContents', [['s', text]]);
    return done === true;
  }

  async range(element: DesktopElement): Promise<RangeValue | null> {
    const { object } = AtspiElement.of(element);
    const values = await this.#orNull(this.#bus.all(object, 'Value'));
    const [value, least, most] = ['CurrentValue', 'MinimumValue', 'MaximumValue'].map((name) => values?.[name]);
    if (typeof value !== 'number') return null;
    return { value, least: Number(least ?? -Infinity), most: Number(most ?? Infinity) };
  }

  async setRange(element: DesktopElement, value: number): Promise<boolean> {
    const { object } = AtspiElement.of(element);
    if ((await this.range(element)) === null) return false;
    const set = this.#bus.set(object, 'Value', 'CurrentValue', 'd', value).then(() => true);
    return (await this.#orNull(set)) ?? false;
  }

  /** An application answers between two events: it has read as many as it has answered calls, and one is under way. */
  async settled(window: DesktopWindow, events: number): Promise<void> {
    const { object } = AtspiElement.of(window.element);
    try {
      for (let answered = 0; answered < Math.min(events + 2, MAX_ROUNDS); answered += 1) {
        await this.#bus.call(object, 'Accessible', 'GetRole');
      }
    } catch {
      // It is busy, or has ended: whoever needs to know reads it.
    }
  }

  async table(element: DesktopElement, rows: number): Promise<DesktopTable | null> {
    return this.#orNull(readTable(this.#bus, AtspiElement.of(element).object, rows));
  }

  /** Fields without a name are called by the labels among their siblings. */
  async #named(children: AtspiElement[]): Promise<AtspiElement[]> {
    const isLabel = ({ nativeRole, name }: AtspiElement): boolean => LABELS.has(nativeRole) && name.trim() !== '';
    if (!children.some((child) => child.lacksName && child.states.has('showing')) || !children.some(isLabel)) {
      return children;
    }
    const boxes = await each(children, async (child) =>
      child.lacksName || isLabel(child) ? await this.bounds(child) : null,
    );
    const labels = children.flatMap((child, index) => {
      const box = boxes[index];
      return box && isLabel(child) ? [{ name: child.name, box }] : [];
    });
    return children.map((child, index) => {
      const box = boxes[index];
      const name = box && child.lacksName ? labelFor(box, labels) : null;
      return name === null ? child : child.withName(name);
    });
  }

  /** What is written into: a combo box holds its field. */
  async #fieldOf(element: DesktopElement): Promise<DesktopElement> {
    if (element.nativeRole !== 'combo box') return element;
    return (await this.children(element)).find((child) => child.states.has('editable')) ?? element;
  }

  async #windowsOf(application: ObjectRef): Promise<DesktopWindow[]> {
    try {
      const process = await this.#bus.processOf(application.owner);
      const refs = await this.#childRefs(application);
      const elements = await Promise.all(refs.map((ref) => AtspiElement.read(this.#bus, ref, true)));
      const path = await programOf(this.#bus, application, process);
      return elements
        .filter((element) => element !== null)
        .map((element) => ({
          element,
          title: element.ownName,
          application: path,
          process,
          active: element.states.has('active'),
        }));
    } catch (error) {
      // An application that hangs or ends hides only its own windows.
      if (isGone(error) || isHanging(error) || error instanceof NotSupported) return [];
      throw error;
    }
  }

  async #childRefs(object: ObjectRef): Promise<ObjectRef[]> {
    const [children] = await this.#bus.call(object, 'Accessible', 'GetChildren');
    return (Array.isArray(children) ? children : []).map(refOf).filter((ref) => ref !== null);
  }

  /** Calls a method of an interface that the element may lack: then the answer is empty. */
  async #try(
    element: DesktopElement,
    where: AtspiInterface,
    member: string,
    args: readonly (readonly [string, unknown])[] = [],
  ): Promise<unknown[]> {
    return (await this.#orNull(this.#bus.call(AtspiElement.of(element).object, where, member, args))) ?? [];
  }

  async #orNull<T>(asked: Promise<T>): Promise<T | null> {
    try {
      return await asked;
    } catch (error) {
      if (error instanceof NotSupported) return null;
      throw error;
    }
  }
}

function isHanging(error: unknown): boolean {
  return error instanceof DesktopError && error.code === 'APPLICATION_NOT_ANSWERING';
}

/** The path of a process's program, else the name of its application. */
async function programOf(bus: AccessibilityBus, application: ObjectRef, process: number): Promise<string> {
  try {
    return (await readlink(`/proc/${process}/exe`)).replace(/ \(deleted\)$/, '');
  } catch {
    return String(await bus.get(application, 'Accessible', 'Name'));
  }
}

/** The answers for all of a list, some at a time. */
async function each<T, R>(items: readonly T[], ask: (item: T) => Promise<R>): Promise<R[]> {
  const answers: R[] = [];
  for (let from = 0; from < items.length; from += AT_ONCE) {
    answers.push(...(await Promise.all(items.slice(from, from + AT_ONCE).map(ask))));
  }
  return answers;
}
