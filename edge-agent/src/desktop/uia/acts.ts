/**
 * What elements do: by their patterns of UI Automation, else by what MSAA says of them, else by messages to controls that
 * are windows of the classic classes. An element that lacks all three answers false or null.
 */
import type { RangeValue } from '../desktop-driver.ts';
import type { ClassicControls, ClassicKind } from '../win32/classic.ts';
import type { Com } from './com.ts';
import { NotSupported } from './faults.ts';
import type { Held } from './held.ts';
import { PATTERN } from './ids.ts';

const ELEMENT = 'IUIAutomationElement';
const [TEXT_TYPE, COMBO, EDIT, DOCUMENT] = [50020, 50003, 50004, 50030];
const MOST_CHARACTERS = 1_000_000;

export class UiaActs {
  readonly #com: Com;
  readonly #classic: ClassicControls;

  constructor(com: Com, classic: ClassicControls) {
    this.#com = com;
    this.#classic = classic;
  }

  invoke(held: Held): boolean {
    const com = this.#com;
    const ways: [number, (pattern: bigint) => void][] = [
      [PATTERN.invoke, (pattern) => com.call(pattern, 'IUIAutomationInvokePattern', 'Invoke')],
      [PATTERN.toggle, (pattern) => com.call(pattern, 'IUIAutomationTogglePattern', 'Toggle')],
      [PATTERN.selectionItem, (pattern) => com.call(pattern, 'IUIAutomationSelectionItemPattern', 'Select')],
      [PATTERN.expandCollapse, (pattern) => com.call(pattern, 'IUIAutomationExpandCollapsePattern', 'Expand')],
    ];
    if (ways.some(([pattern, act]) => this.#by(held, pattern, act))) return true;
    const kind = this.#kind(held);
    if (kind !== null && this.#classic.press(held.ownWindow, kind)) return true;
    return this.#byMsaa(held);
  }

  focus(held: Held): boolean {
    return this.#tried(held, (pointer) => this.#com.call(pointer, ELEMENT, 'SetFocus'));
  }

  reveal(held: Held): boolean {
    return this.#by(held, PATTERN.scrollItem, (pattern) =>
      this.#com.call(pattern, 'IUIAutomationScrollItemPattern', 'ScrollIntoView'),
    );
  }

  select(held: Held): boolean {
    if (held.option !== null) {
      const kind = this.#classic.kindOf(held.window, held.className);
      return kind !== null && this.#classic.choose(held.window, kind, held.option.index);
    }
    const selected = this.#by(held, PATTERN.selectionItem, (pattern) =>
      this.#com.call(pattern, 'IUIAutomationSelectionItemPattern', 'Select'),
    );
    return selected || (held.wire.roles.includes('menuitem') && this.invoke(held));
  }

  expand(held: Held, expanded: boolean): boolean {
    if (held.wire.states.includes('expanded') === expanded) return true;
    const done = this.#by(held, PATTERN.expandCollapse, (pattern) =>
      this.#com.call(pattern, 'IUIAutomationExpandCollapsePattern', expanded ? 'Expand' : 'Collapse'),
    );
    const kind = this.#kind(held);
    return done || (kind !== null && this.#classic.expand(held.ownWindow, kind, expanded));
  }

  /** The text that it holds. Windows keeps the text of protected fields to their own program: they say its length. */
  text(held: Held): string | null {
    const kind = this.#kind(held);
    if (kind !== null) {
      const text = this.#classic.text(held.ownWindow, kind);
      if (text !== null) return text;
    }
    if (![EDIT, COMBO, DOCUMENT, TEXT_TYPE].includes(held.controlType)) {
      return held.wire.states.includes('editable') ? this.#value(held) : null;
    }
    return this.#value(held) ?? this.#document(held) ?? (held.controlType === TEXT_TYPE ? held.wire.name : null);
  }

  setText(held: Held, text: string): boolean {
    if (held.wire.states.includes('readonly')) return false;
    const set = this.#by(held, PATTERN.value, (pattern) =>
      this.#com.withText(text, (at) =>
        this.#com.call(pattern, 'IUIAutomationValuePattern', 'SetValue', ['void *'], at),
      ),
    );
    if (set) return true;
    const kind = this.#kind(held);
    return kind !== null && this.#classic.setText(held.ownWindow, kind, text);
  }

  range(held: Held): RangeValue | null {
    const com = this.#com;
    const range = this.#read(held, PATTERN.range, (pattern) => ({
      value: com.real(pattern, 'IUIAutomationRangeValuePattern', 'get_CurrentValue'),
      least: com.real(pattern, 'IUIAutomationRangeValuePattern', 'get_CurrentMinimum'),
      most: com.real(pattern, 'IUIAutomationRangeValuePattern', 'get_CurrentMaximum'),
    }));
    const kind = this.#kind(held);
    return range ?? (kind === null ? null : this.#classic.range(held.ownWindow, kind));
  }

  setRange(held: Held, value: number): boolean {
    const set = this.#by(held, PATTERN.range, (pattern) =>
      this.#com.call(pattern, 'IUIAutomationRangeValuePattern', 'SetValue', ['double'], value),
    );
    const kind = this.#kind(held);
    return set || (kind !== null && this.#classic.setRange(held.ownWindow, kind, value));
  }

  /** At most `rows` rows from the beginning. */
  table(held: Held, rows: number): { columns: string[]; rows: string[][] } | null {
    const com = this.#com;
    return this.#read(held, PATTERN.grid, (grid) => {
      const count = Math.min(com.integer(grid, 'IUIAutomationGridPattern', 'get_CurrentRowCount'), rows);
      const width = com.integer(grid, 'IUIAutomationGridPattern', 'get_CurrentColumnCount');
      const cell = (row: number, column: number): string =>
        com.scope((own) => {
          const item = own(com.object(grid, 'IUIAutomationGridPattern', 'GetItem', ['int32', 'int32'], row, column));
          return item === null ? '' : com.text(item, ELEMENT, 'get_CurrentName');
        });
      const line = (row: number): string[] => Array.from({ length: width }, (_, column) => cell(row, column));
      const headers = this.#headers(held);
      return {
        columns: Array.from({ length: width }, (_, column) => headers[column] ?? String(column + 1)),
        rows: Array.from({ length: Math.max(count, 0) }, (_, row) => line(row)),
      };
    });
  }

  #headers(held: Held): string[] {
    const com = this.#com;
    const names = this.#read(held, PATTERN.table, (table) =>
      com.scope((own) => {
        const headers = own(com.object(table, 'IUIAutomationTablePattern', 'GetCurrentColumnHeaders'));
        if (headers === null) return [];
        const length = com.integer(headers, 'IUIAutomationElementArray', 'get_Length');
        return Array.from({ length }, (_, index) => {
          const header = own(com.object(headers, 'IUIAutomationElementArray', 'GetElement', ['int32'], index));
          return header === null ? '' : com.text(header, ELEMENT, 'get_CurrentName');
        });
      }),
    );
    return names ?? [];
  }

  #value(held: Held): string | null {
    return this.#read(held, PATTERN.value, (pattern) =>
      this.#com.text(pattern, 'IUIAutomationValuePattern', 'get_CurrentValue'),
    );
  }

  #document(held: Held): string | null {
    return this.#read(held, PATTERN.text, (pattern) =>
      this.#com.scope((own) => {
        const range = own(this.#com.object(pattern, 'IUIAutomationTextPattern', 'get_DocumentRange'));
        if (range === null) return '';
        return this.#com.text(range, 'IUIAutomationTextRange', 'GetText', ['int32'], MOST_CHARACTERS);
      }),
    );
  }

  /** MSAA's main action, where it names one: it is not done for what has none. */
  #byMsaa(held: Held): boolean {
    const legacy = 'IUIAutomationLegacyIAccessiblePattern';
    return (
      this.#read(held, PATTERN.legacy, (pattern) => {
        if (this.#com.text(pattern, legacy, 'get_CurrentDefaultAction') === '') return false;
        this.#com.call(pattern, legacy, 'DoDefaultAction');
        return true;
      }) ?? false
    );
  }

  #by(held: Held, pattern: number, act: (pattern: bigint) => void): boolean {
    const done = this.#read(held, pattern, (found) => {
      act(found);
      return true;
    });
    return done ?? false;
  }

  /** Uses a pattern of an element; null when it lacks it, or the pattern does not do this. */
  #read<T>({ pointer }: Held, pattern: number, use: (pattern: bigint) => T): T | null {
    if (pointer === null) return null;
    try {
      return this.#com.scope((own) => {
        const found = own(this.#com.object(pointer, ELEMENT, 'GetCurrentPattern', ['int32'], pattern));
        return found === null ? null : use(found);
      });
    } catch (error) {
      if (error instanceof NotSupported) return null;
      throw error;
    }
  }

  #tried({ pointer }: Held, act: (pointer: bigint) => void): boolean {
    if (pointer === null) return false;
    try {
      act(pointer);
      return true;
    } catch (error) {
      if (error instanceof NotSupported) return false;
      throw error;
    }
  }

  #kind({ ownWindow, className }: Held): ClassicKind | null {
    return ownWindow === 0 ? null : this.#classic.kindOf(ownWindow, className);
  }
}
