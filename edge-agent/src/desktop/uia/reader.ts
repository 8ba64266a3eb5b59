/**
 * Elements of UI Automation as they are read: one request fetches an element, or a level of the tree, with all that is
 * asked for below, and no further round trip to its program.
 */
import type { SelectorRole } from '@casare/shared/workflow';
import type { Box, ElementState } from '../desktop-driver.ts';
import { asWindow, rolesOfUia } from '../roles.ts';
import { CLASSIC_TYPES, type ClassicControls } from '../win32/classic.ts';
import type { TopWindows } from '../win32/windows.ts';
import type { Com, PropertyValue } from './com.ts';
import { NotSupported } from './faults.ts';
import type { Held, HeldElements } from './held.ts';
import { BLOCKED_BY_MODAL, EXPAND, PROPERTY, SCOPE, TOGGLE } from './ids.ts';

const ELEMENT = 'IUIAutomationElement';
const [EDIT, COMBO, RADIO, DOCUMENT, PANE] = [50004, 50003, 50013, 50030, 50033];
/** Names and identifiers are cut here. */
const MOST_CHARACTERS = 10_000;
/** What has no name of its own and is called by the label beside it. */
export const LABELLED: ReadonlySet<SelectorRole> = new Set(['textbox', 'combobox', 'spinbutton', 'slider', 'listbox']);

/** Asks for properties of an element, together with the element itself. */
export function requestOf(com: Com, automation: bigint, properties: readonly number[]): bigint {
  const request = com.object(automation, 'IUIAutomation', 'CreateCacheRequest')!;
  for (const property of properties) {
    com.call(request, 'IUIAutomationCacheRequest', 'AddProperty', ['int32'], property);
  }
  com.call(request, 'IUIAutomationCacheRequest', 'put_TreeScope', ['int32'], SCOPE.element);
  return request;
}

export class ElementReader {
  readonly #com: Com;
  readonly #automation: bigint;
  readonly #held: HeldElements;
  readonly #windows: TopWindows;
  readonly #classic: ClassicControls;
  /** What is fetched with each element. */
  readonly request: bigint;
  #unnamed = 0;

  constructor(com: Com, automation: bigint, held: HeldElements, windows: TopWindows, classic: ClassicControls) {
    this.#com = com;
    this.#automation = automation;
    this.#held = held;
    this.#windows = windows;
    this.#classic = classic;
    this.request = requestOf(com, automation, Object.values(PROPERTY));
  }

  /** Keeps what was fetched; `around` is the window around it, which it is itself where it is a top-level one. */
  keep(pointer: bigint, around: number, isTop: boolean, label: string | null): Held {
    const value = (property: number): PropertyValue =>
      this.#com.value(pointer, ELEMENT, 'GetCachedPropertyValueEx', ['int32', 'int32'], property, 0);
    const has = (property: number): boolean => value(property) === true;
    const text = (property: number): string => String(value(property) ?? '').slice(0, MOST_CHARACTERS);
    const ownWindow = Number(value(PROPERTY.window) ?? 0) >>> 0;
    const className = text(PROPERTY.className);
    const traits = {
      isGrid: has(PROPERTY.hasGrid),
      isGridItem: has(PROPERTY.hasGridItem),
      toggles: has(PROPERTY.hasToggle),
    };
    const kind = ownWindow === 0 ? null : this.#classic.kindOf(ownWindow, className);
    const type = Number(value(PROPERTY.controlType) ?? PANE);
    const controlType = type === PANE && kind !== null ? CLASSIC_TYPES[kind] : type;
    const { nativeRole, roles: own } = rolesOfUia(controlType, traits);
    const roles = isTop ? asWindow(own) : own;
    const states = new Set<ElementState>(kind === null ? [] : this.#classic.states(ownWindow, kind));
    const when = (condition: boolean, ...state: ElementState[]): void => {
      if (condition) for (const one of state) states.add(one);
    };
    when(isTop ? this.#windows.shows(ownWindow) : !has(PROPERTY.offscreen), 'showing');
    when(has(PROPERTY.enabled), 'enabled');
    when(has(PROPERTY.focusable), 'focusable');
    when(has(PROPERTY.hasFocus), 'focused');
    when(has(PROPERTY.password), 'protected');
    when(has(PROPERTY.hasScroll), 'clips');
    if (traits.toggles) {
      const state = value(PROPERTY.toggleState);
      when(true, 'checkable');
      when(state === TOGGLE.on, 'checked');
      when(state === TOGGLE.mixed, 'mixed');
    }
    if (has(PROPERTY.hasSelectionItem)) {
      const selected = has(PROPERTY.selected);
      when(true, controlType === RADIO ? 'checkable' : 'selectable');
      when(selected, controlType === RADIO ? 'checked' : 'selected');
    }
    // What lacks a state of its own is as its row is.
    else if (traits.isGridItem) when(this.#rowIsSelected(pointer), 'selectable', 'selected');
    if (has(PROPERTY.hasExpandCollapse) && value(PROPERTY.expandState) !== EXPAND.leaf) {
      const state = value(PROPERTY.expandState);
      when(true, 'expandable');
      when(state === EXPAND.expanded || state === EXPAND.partly, 'expanded');
    }
    if (has(PROPERTY.hasValue) && [EDIT, COMBO, DOCUMENT].includes(controlType)) {
      states.delete('editable');
      when(true, has(PROPERTY.readOnly) ? 'readonly' : 'editable');
      // Of a list that only opens, the text is chosen and not written.
      if (controlType === COMBO) states.delete('readonly');
    }
    if (isTop) {
      when(this.#windows.isActive(ownWindow), 'active');
      when(this.#windows.isModal(ownWindow) || has(PROPERTY.modal), 'modal');
      when(!states.has('enabled') || value(PROPERTY.interaction) === BLOCKED_BY_MODAL, 'blocked');
    }
    const isField = roles.some((role) => LABELLED.has(role));
    // Of a field the name is often its label's, as it is written.
    const told = text(PROPERTY.name);
    // What a field holds does not name it, though some say so: a label does.
    const isValue = told !== '' && kind !== null && isField && this.#classic.text(ownWindow, kind) === told;
    const name = isValue ? '' : isField ? told.replace(/\s*[:*]+$/, '') : told;
    const id = text(PROPERTY.id);
    return this.#held.keep({
      wire: {
        ref: this.#refOf(pointer, ownWindow),
        roles: [...roles],
        nativeRole,
        name: name.trim() === '' ? (label ?? name) : name,
        id: id === '' && kind !== null ? this.#classic.id(ownWindow) : id,
        states: [...states],
      },
      pointer,
      option: null,
      window: ownWindow === 0 ? around : ownWindow,
      ownWindow,
      className,
      controlType,
      isTop,
      label,
    });
  }

  /** Where it is; null when that cannot be known. */
  bounds({ pointer, ownWindow, isTop }: Held): Box | null {
    if (pointer === null) return null;
    if (isTop) return this.#windows.bounds(ownWindow);
    try {
      const [left, top, right, bottom] = this.#com.integers(pointer, ELEMENT, 'get_CurrentBoundingRectangle', 4) as [
        number,
        number,
        number,
        number,
      ];
      return right > left && bottom > top ? { x: left, y: top, width: right - left, height: bottom - top } : null;
    } catch (error) {
      if (error instanceof NotSupported) return null;
      throw error;
    }
  }

  #rowIsSelected(cell: bigint): boolean {
    return this.#com.scope((own) => {
      const walker = own(this.#com.object(this.#automation, 'IUIAutomation', 'get_ControlViewWalker'));
      const row =
        walker === null
          ? null
          : own(
              this.#com.object(
                walker,
                'IUIAutomationTreeWalker',
                'GetParentElementBuildCache',
                ['void *', 'void *'],
                cell,
                this.request,
              ),
            );
      return (
        row !== null &&
        this.#com.value(row, ELEMENT, 'GetCachedPropertyValueEx', ['int32', 'int32'], PROPERTY.selected, 0) === true
      );
    });
  }

  /** UI Automation's own name for it; a window's number, or one of ours, where there is none. */
  #refOf(pointer: bigint, ownWindow: number): string {
    try {
      const id = this.#com.integerArray(pointer, ELEMENT, 'GetRuntimeId');
      if (id.length > 0) return id.join('.');
    } catch (error) {
      if (!(error instanceof NotSupported)) throw error;
    }
    this.#unnamed += 1;
    return ownWindow === 0 ? `unnamed.${this.#unnamed}` : `window.${ownWindow}`;
  }
}
