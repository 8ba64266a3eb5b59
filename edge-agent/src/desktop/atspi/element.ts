/** An element of the accessibility bus, as it was when it was read. */
import { DesktopError } from '../desktop-error.ts';
import type { DesktopElement, ElementState } from '../desktop-driver.ts';
import { asTreeItem, asWindow, rolesOfAtspi } from '../roles.ts';
import { type AccessibilityBus, NotSupported, type ObjectRef } from './accessibility-bus.ts';
import { isDefunct, isVertical, managesDescendants, RELATION_LABELLED_BY, roleName, statesOf } from './constants.ts';

/** Fields are named by what stands beside them. */
const LABELLED = new Set([
  ...['text', 'entry', 'password text', 'spin button', 'slider', 'combo box', 'list box', 'table', 'tree table'],
]);
/** Their own name is what they show, not what they are called. */
const NAMED_BY_CONTENT = new Set(['combo box']);
/** Pictures without a text are named by their explanation. */
const EXPLAINED = new Set(['push button', 'toggle button', 'push button menu', 'image', 'icon', 'radio button']);
const NAME_LENGTH = 1_000;
/** What a combo box opens; it has a field besides, at most. */
const POPUPS = new Set(['menu', 'popup menu', 'window', 'list', 'list box', 'table', 'tree table']);
const MAX_PARTS = 4;

export class AtspiElement implements DesktopElement {
  readonly ref: string;
  readonly object: ObjectRef;
  readonly roles: DesktopElement['roles'];
  readonly nativeRole: string;
  readonly name: string;
  /** What the element itself says it is called. */
  readonly ownName: string;
  readonly id: string;
  readonly states: ReadonlySet<ElementState>;
  readonly childCount: number;
  /** It makes its children when they are asked for. */
  readonly manages: boolean;
  readonly #facts: Facts;

  private constructor(object: ObjectRef, facts: Facts, name: string, isWindow: boolean) {
    this.#facts = facts;
    this.ref = `${object.owner} ${object.path}`;
    this.object = object;
    this.states = facts.states;
    const roles = rolesOfAtspi(facts.role);
    const isBranch = facts.role === 'table cell' && this.states.has('expandable');
    this.roles = isWindow ? asWindow(roles) : isBranch ? asTreeItem(roles) : roles;
    this.nativeRole = facts.role;
    this.name = name.slice(0, NAME_LENGTH);
    this.ownName = facts.name;
    this.id = facts.id;
    this.childCount = facts.childCount;
    this.manages = managesDescendants(facts.words);
  }

  /** Reads it; null when it is gone. */
  static async read(bus: AccessibilityBus, object: ObjectRef, isWindow = false): Promise<AtspiElement | null> {
    try {
      const facts = await factsOf(bus, object);
      if (facts === null) return null;
      return new AtspiElement(object, facts, await nameOf(bus, object, facts), isWindow);
    } catch (error) {
      if (isGone(error)) return null;
      throw error;
    }
  }

  /** The same, called otherwise. */
  withName(name: string): AtspiElement {
    return new AtspiElement(this.object, this.#facts, name, false);
  }

  /** It stands, as a scroll bar beside what it scrolls. */
  get vertical(): boolean {
    return isVertical(this.#facts.words);
  }

  /** A field without a name of its own, which what stands beside it may name. */
  get lacksName(): boolean {
    if (!LABELLED.has(this.nativeRole)) return false;
    return this.name === '' || (NAMED_BY_CONTENT.has(this.nativeRole) && this.name === this.ownName);
  }

  /** The driver's own element behind what steps hold. */
  static of(element: DesktopElement): AtspiElement {
    if (element instanceof AtspiElement) return element;
    throw new TypeError('not an element of this driver');
  }
}

interface Facts {
  readonly role: string;
  readonly name: string;
  readonly description: string;
  readonly id: string;
  readonly words: readonly number[];
  readonly states: ReadonlySet<ElementState>;
  readonly childCount: number;
}

async function factsOf(bus: AccessibilityBus, object: ObjectRef): Promise<Facts | null> {
  const [[role], [raw], properties] = await Promise.all([
    bus.call(object, 'Accessible', 'GetRole'),
    bus.call(object, 'Accessible', 'GetState'),
    bus.all(object, 'Accessible'),
  ]);
  const words = Array.isArray(raw) ? raw.map(Number) : [];
  if (isDefunct(words)) return null;
  const text = (name: string): string => (typeof properties[name] === 'string' ? properties[name] : '');
  const native = roleName(Number(role));
  const states = statesOf(words, native);
  return {
    role: native,
    name: text('Name'),
    description: text('Description'),
    id: text('AccessibleId'),
    words,
    states: native === 'combo box' ? await withPopup(bus, object, states) : states,
    childCount: Number(properties['ChildCount'] ?? 0),
  };
}

/** Combo boxes of GTK do not say that they open, nor whether they are open: their popup is a child that shows then. */
async function withPopup(
  bus: AccessibilityBus,
  object: ObjectRef,
  states: ReadonlySet<ElementState>,
): Promise<ReadonlySet<ElementState>> {
  if (states.has('expandable') || !states.has('showing')) return states;
  const [children] = await bus.call(object, 'Accessible', 'GetChildren');
  const refs = (Array.isArray(children) ? children : []).slice(0, MAX_PARTS).map(refOf);
  const shown = await Promise.all(
    refs
      .filter((ref) => ref !== null)
      .map(async (ref) => {
        const [[role], [words]] = await Promise.all([
          bus.call(ref, 'Accessible', 'GetRole'),
          bus.call(ref, 'Accessible', 'GetState'),
        ]);
        const name = roleName(Number(role));
        return POPUPS.has(name) && statesOf(Array.isArray(words) ? words.map(Number) : [], name).has('showing');
      }),
  );
  return new Set([...states, 'expandable' as const, ...(shown.includes(true) ? (['expanded'] as const) : [])]);
}

async function nameOf(bus: AccessibilityBus, object: ObjectRef, facts: Facts): Promise<string> {
  const { role, name, description } = facts;
  if (name !== '' && !NAMED_BY_CONTENT.has(role)) return name;
  if (LABELLED.has(role)) {
    const label = await labelOf(bus, object);
    if (label !== '') return label;
  }
  return name === '' && EXPLAINED.has(role) ? description : name;
}

/** The names of the elements that label this one, without the letters that only mark a shortcut. */
async function labelOf(bus: AccessibilityBus, object: ObjectRef): Promise<string> {
  try {
    const [relations] = await bus.call(object, 'Accessible', 'GetRelationSet');
    const labels = (relations as [number, unknown[]][])
      .filter(([kind]) => kind === RELATION_LABELLED_BY)
      .flatMap(([, targets]) => targets.map(refOf))
      .filter((target) => target !== null);
    const names = await Promise.all(labels.map((label) => bus.get(label, 'Accessible', 'Name')));
    return names.map(String).join(' ').trim().replace(/:$/, '');
  } catch (error) {
    if (error instanceof NotSupported || isGone(error)) return '';
    throw error;
  }
}

/** A reference as it comes over the bus; null for none. */
export function refOf(raw: unknown): ObjectRef | null {
  if (!Array.isArray(raw)) return null;
  const [owner, path] = raw as unknown[];
  if (typeof owner !== 'string' || typeof path !== 'string' || owner === '' || path.endsWith('/null')) return null;
  return { owner, path };
}

export function isGone(error: unknown): boolean {
  return error instanceof DesktopError && error.code === 'ELEMENT_GONE';
}
