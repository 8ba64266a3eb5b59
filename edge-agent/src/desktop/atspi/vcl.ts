/**
 * LibreOffice (its toolkit is VCL) counts the places of what it draws itself from the top of its window, and forgets that GTK has put
 * the menu bar above: documents, sheets and cells are said to lie higher than they do. By how much shows at the element that holds
 * them all: GTK says rightly where that is.
 */
import type { Point } from '../desktop-driver.ts';
import { type AccessibilityBus, NotSupported, type ObjectRef } from './accessibility-bus.ts';
import { roleName, SCREEN } from './constants.ts';
import { isGone, refOf } from './element.ts';

/** How its applications call themselves; as its toolkit it names GTK. */
const NAME = /^(soffice|LibreOffice)/i;
/** What VCL draws; fields and buttons in its bars are of GTK, and lie where they say. */
const DRAWN = new Set([
  ...['table', 'table cell', 'document spreadsheet', 'document text', 'document presentation', 'scroll pane'],
  ...['paragraph', 'page tab', 'page tab list'],
]);
const HOLDER = 'root pane';
const ROOT = '/org/a11y/atspi/accessible/root';
/** Levels from the application to the holder, and elements of one that are looked at. */
const [HOLDER_DEPTH, MAX_TRIED] = [6, 200];
/** Levels between a cell and the element that holds everything. */
const MAX_LEVELS = 40;
const NONE: Point = { x: 0, y: 0 };

export class VclPlaces {
  readonly #bus: AccessibilityBus;
  /** Whether an application, by its name on the bus, is one of VCL. */
  readonly #known = new Map<string, Promise<boolean>>();
  /** Of each holder, by its name on the bus and path. */
  readonly #parents = new Map<string, ObjectRef>();

  constructor(bus: AccessibilityBus) {
    this.#bus = bus;
  }

  /** How far from where it says an element lies. */
  async shiftOf(object: ObjectRef, role: string): Promise<Point> {
    if (!DRAWN.has(role) || !(await this.#isVcl(object.owner))) return NONE;
    try {
      let current: ObjectRef | null = object;
      for (let level = 0; current !== null && level < MAX_LEVELS; level += 1) {
        const [number] = await this.#bus.call(current, 'Accessible', 'GetRole');
        if (roleName(Number(number)) === HOLDER) return await this.#shiftIn(current);
        current = refOf(await this.#bus.get(current, 'Accessible', 'Parent'));
      }
    } catch (error) {
      if (!(error instanceof NotSupported) && !isGone(error)) throw error;
    }
    return NONE;
  }

  async #shiftIn(holder: ObjectRef): Promise<Point> {
    const parent = this.#parents.get(`${holder.owner} ${holder.path}`) ?? (await this.#parentOf(holder));
    if (parent === null) return NONE;
    this.#parents.set(`${holder.owner} ${holder.path}`, parent);
    return this.#between(holder, parent);
  }

  /** It names another parent than the one in GTK's tree that it is a child of: that is looked for from above. */
  async #parentOf({ owner, path }: ObjectRef): Promise<ObjectRef | null> {
    let level: ObjectRef[] = [{ owner, path: ROOT }];
    for (let depth = 0; depth < HOLDER_DEPTH && level.length > 0; depth += 1) {
      const families = await Promise.all(level.map((parent) => this.#childrenOf(parent)));
      const found = families.findIndex((children) => children.some((child) => child.path === path));
      if (found !== -1) return level[found]!;
      level = families.flat().slice(0, MAX_TRIED);
    }
    return null;
  }

  async #childrenOf(object: ObjectRef): Promise<ObjectRef[]> {
    const [children] = await this.#bus.call(object, 'Accessible', 'GetChildren');
    return (Array.isArray(children) ? children : []).map(refOf).filter((ref) => ref !== null);
  }

  /** The holder fills its parent: they differ in place only by the mistake. */
  async #between(holder: ObjectRef, parent: ObjectRef): Promise<Point> {
    const [inner, outer] = await Promise.all([this.#extents(holder), this.#extents(parent)]);
    if (inner[2] !== outer[2] || inner[3] !== outer[3]) return NONE;
    return { x: outer[0] - inner[0], y: outer[1] - inner[1] };
  }

  async #extents(object: ObjectRef): Promise<[number, number, number, number]> {
    const [extents] = await this.#bus.call(object, 'Component', 'GetExtents', [['u', SCREEN]]);
    const [x = 0, y = 0, width = 0, height = 0] = Array.isArray(extents) ? extents.map(Number) : [];
    return [x, y, width, height];
  }

  #isVcl(owner: string): Promise<boolean> {
    const known = this.#known.get(owner) ?? this.#ask(owner);
    this.#known.set(owner, known);
    return known;
  }

  async #ask(owner: string): Promise<boolean> {
    try {
      const root: ObjectRef = { owner, path: ROOT };
      return NAME.test(String(await this.#bus.get(root, 'Accessible', 'Name')));
    } catch {
      // It has no name, or has ended.
      return false;
    }
  }
}
