/** Walks the tree of the session's elements: windows, what is in them, and whether an element is still there. */
import { DesktopError } from '../desktop-error.ts';
import { labelFor } from '../labels.ts';
import type { ClassicControls } from '../win32/classic.ts';
import { startedBy, type TopWindow, type TopWindows } from '../win32/windows.ts';
import type { WireElement, WireWindow } from './calls.ts';
import type { Com } from './com.ts';
import { NotSupported } from './faults.ts';
import type { Held, HeldElements } from './held.ts';
import { SCOPE } from './ids.ts';
import { type ElementReader, LABELLED } from './reader.ts';

const [TEXT, LIST_ITEM, LIST] = [50020, 50007, 50008];
/** Elements with more children are read in part: nobody sees so many at once. */
const MOST_CHILDREN = 2_000;
/** A program that answers later hides its windows until it does. */
const READ_MS = 1_000;

export interface TreeParts {
  readonly com: Com;
  readonly automation: bigint;
  /** The condition that every element meets. */
  readonly all: bigint;
  readonly held: HeldElements;
  readonly reader: ElementReader;
  readonly windows: TopWindows;
  readonly classic: ClassicControls;
}

export class UiaTree {
  readonly #parts: TreeParts;

  constructor(parts: TreeParts) {
    this.#parts = parts;
  }

  windows(): WireWindow[] {
    const { windows } = this.#parts;
    const parents = windows.parents();
    return windows.list().flatMap((window) => {
      const held = this.#top(window);
      if (held === null) return [];
      const { title, process } = window;
      return [
        {
          ...{ element: held.wire, title, process, application: windows.programOf(process) },
          ...{ startedBy: startedBy(process, parents), active: windows.isActive(window.handle) },
        },
      ];
    });
  }

  /** Also the menus and lists that a window has opened: they are windows of their own to Windows, and in it to people. */
  children(held: Held): WireElement[] {
    if (held.pointer === null) return [];
    const children = this.#childrenOf(held);
    const named = this.#labelled(children);
    const popups = held.isTop ? this.#parts.windows.popupsOf(held.ownWindow) : [];
    const opened = popups.map((popup) => this.#fromWindow(popup.handle, false)).filter((popup) => popup !== null);
    return [...named, ...opened, ...this.#classicOptions(held, children)].map(({ wire }) => wire);
  }

  /** As it is now; null when it is gone. */
  again(held: Held): Held | null {
    const { com, reader, held: all } = this.#parts;
    if (held.ownWindow !== 0 && !this.#parts.windows.exists(held.ownWindow)) return null;
    if (held.pointer === null) return this.#optionAgain(held);
    try {
      const fresh = com.object(held.pointer, 'IUIAutomationElement', 'BuildUpdatedCache', ['void *'], reader.request);
      if (fresh !== null) return reader.keep(fresh, held.window, held.isTop, held.label);
    } catch (error) {
      if (!isGone(error)) throw error;
    }
    all.forget(held.wire.ref);
    return null;
  }

  #top({ handle }: TopWindow): Held | null {
    // UI Automation waits for a program that is busy: nobody else's windows shall wait with it.
    return this.#parts.classic.answers(handle, READ_MS) ? this.#fromWindow(handle, true) : null;
  }

  /** The element of a window; null when it has ended meanwhile, or its program does not answer. */
  #fromWindow(handle: number, isTop: boolean): Held | null {
    const { reader } = this.#parts;
    try {
      const pointer = this.#ofHandle(handle);
      return pointer === null ? null : reader.keep(pointer, handle, isTop, null);
    } catch (error) {
      if (error instanceof NotSupported || error instanceof DesktopError) return null;
      throw error;
    }
  }

  #ofHandle(handle: number): bigint | null {
    const { com, automation, reader } = this.#parts;
    const { request } = reader;
    try {
      const types = ['size_t', 'void *'];
      return com.object(automation, 'IUIAutomation', 'ElementFromHandleBuildCache', types, handle, request);
    } catch (error) {
      if (!(error instanceof NotSupported)) throw error;
    }
    // Wine's has only the two steps.
    return com.scope((own) => {
      const bare = own(com.object(automation, 'IUIAutomation', 'ElementFromHandle', ['size_t'], handle));
      if (bare === null) return null;
      return com.object(bare, 'IUIAutomationElement', 'BuildUpdatedCache', ['void *'], request);
    });
  }

  /** By the tree of UI Automation; where that shows nothing in a window, by the windows in it. */
  #childrenOf(held: Held): Held[] {
    const found = this.#childrenByTree(held);
    if (found.length > 0 || held.ownWindow === 0) return found;
    const inside = this.#parts.windows.childrenOf(held.ownWindow);
    return inside.map((handle) => this.#fromWindow(handle, false)).filter((child) => child !== null);
  }

  #childrenByTree(held: Held): Held[] {
    const { com, reader } = this.#parts;
    try {
      return com.scope((own) => {
        const found = own(
          com.object(
            held.pointer!,
            'IUIAutomationElement',
            'FindAllBuildCache',
            ['int32', 'void *', 'void *'],
            SCOPE.children,
            this.#parts.all,
            reader.request,
          ),
        );
        if (found === null) return [];
        const length = Math.min(com.integer(found, 'IUIAutomationElementArray', 'get_Length'), MOST_CHILDREN);
        return Array.from({ length }, (_, index) => {
          const child = com.object(found, 'IUIAutomationElementArray', 'GetElement', ['int32'], index);
          return child === null ? null : reader.keep(child, held.window, false, null);
        }).filter((child) => child !== null);
      });
    } catch (error) {
      // It went away while it was looked at: it has no children any more.
      if (isGone(error) || error instanceof NotSupported) return [];
      throw error;
    }
  }

  /** Fields without a name are called by the labels among their siblings. */
  #labelled(children: readonly Held[]): Held[] {
    const { reader, held: all } = this.#parts;
    const lacks = ({ wire }: Held): boolean =>
      wire.name.trim() === '' &&
      wire.states.includes('showing') &&
      wire.roles.some((role) => LABELLED.has(role as never));
    if (!children.some(lacks)) return [...children];
    const labels = children.flatMap((child) => {
      const box = child.controlType === TEXT && child.wire.name.trim() !== '' ? reader.bounds(child) : null;
      return box === null ? [] : [{ name: child.wire.name, box }];
    });
    return children.map((child) => {
      const box = lacks(child) ? reader.bounds(child) : null;
      const label = box === null ? null : labelFor(box, labels);
      if (label === null) return child;
      return all.rename(child.wire.ref, label);
    });
  }

  /** The options of a classic list that UI Automation shows none of. */
  #classicOptions(list: Held, children: readonly Held[]): Held[] {
    const { classic, held: all } = this.#parts;
    const kind = list.ownWindow === 0 ? null : classic.kindOf(list.ownWindow, list.className);
    if (kind === null || children.some(({ controlType }) => controlType === LIST_ITEM || controlType === LIST))
      return [];
    const options = classic.options(list.ownWindow, kind);
    if (options === null) return [];
    return options.texts.map((_, index) => all.keep(optionOf(list, index, options)));
  }

  #optionAgain(held: Held): Held | null {
    const { classic, held: all } = this.#parts;
    const kind = classic.kindOf(held.window, held.className);
    const options =
      kind === null || !this.#parts.windows.exists(held.window) ? null : classic.options(held.window, kind);
    const index = held.option?.index ?? -1;
    if (options === null || options.texts[index] === undefined) return null;
    return all.keep(optionOf(held, index, options));
  }
}

/** What a classic list says of one of its options. It has no place of its own that Windows would tell. */
function optionOf(
  { window, className }: Held,
  index: number,
  options: { readonly texts: readonly string[]; readonly selected: number },
): Held {
  return {
    wire: {
      ref: `option.${window}.${index}`,
      roles: ['option', 'listitem'],
      nativeRole: 'ListItem',
      name: options.texts[index]!,
      id: '',
      states: ['enabled', 'selectable', ...(options.selected === index ? ['selected'] : [])],
    },
    ...{ pointer: null, option: { index }, window, ownWindow: 0, className, controlType: LIST_ITEM },
    ...{ isTop: false, label: null },
  };
}

export function isGone(error: unknown): boolean {
  return error instanceof DesktopError && error.code === 'ELEMENT_GONE';
}
