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
import type { Patterns } from './patterns.ts';

const ELEMENT = 'IUIAutomationElement';
const [TEXT_TYPE, COMBO, EDIT, DOCUMENT] = [50020, 50003, 50004, 50030];
const MOST_CHARACTERS = 1_000_000;

export class UiaActs {
  readonly #patterns: Patterns;
  readonly #com: Com;
  readonly #classic: ClassicControls;

  constructor(patterns: Patterns, classic: ClassicControls) {
    this.#patterns = patterns;
    this.#com = patterns.com;
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
    if (ways.some(([pattern, act]) => this.#patterns.by(held, pattern, act))) return true;
    const kind = this.#kind(held);
    if (kind !== null && this.#classic.press(held.ownWindow, kind)) return true;
    return this.#byMsaa(held);
  }

  focus(held: Held): boolean {
    return this.#tried(held, (pointer) => this.#com.call(pointer, ELEMENT, 'SetFocus'));
  }

  select(held: Held): boolean {
    if (held.option !== null) {
      const kind = this.#classic.kindOf(held.window, held.className);
      return kind !== null && this.#classic.choose(held.window, kind, held.option.index);
    }
    const selected = this.#patterns.by(held, PATTERN.selectionItem, (pattern) =>
      this.#com.call(pattern, 'IUIAutomationSelectionItemPattern', 'Select'),
    );
    return selected || (held.wire.roles.includes('menuitem') && this.invoke(held));
  }

  expand(held: Held, expanded: boolean): boolean {
    if (held.wire.states.includes('expanded') === expanded) return true;
    const done = this.#patterns.by(held, PATTERN.expandCollapse, (pattern) =>
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
    // The value of a page that a browser shows is its address.
    if (held.controlType === DOCUMENT) return this.#document(held) ?? this.#value(held);
    const text = this.#value(held) ?? this.#document(held) ?? this.#chosen(held);
    return text ?? (held.controlType === TEXT_TYPE ? held.wire.name : null);
  }

  setText(held: Held, text: string): boolean {
    if (held.wire.states.includes('readonly')) return false;
    const set = this.#patterns.by(held, PATTERN.value, (pattern) =>
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
    const range = this.#patterns.read(held, PATTERN.range, (pattern) => ({
      value: com.real(pattern, 'IUIAutomationRangeValuePattern', 'get_CurrentValue'),
      least: com.real(pattern, 'IUIAutomationRangeValuePattern', 'get_CurrentMinimum'),
      most: com.real(pattern, 'IUIAutomationRangeValuePattern', 'get_CurrentMaximum'),
    }));
    const kind = this.#kind(held);
    return range ?? (kind === null ? null : this.#classic.range(held.ownWindow, kind));
  }

  setRange(held: Held, value: number): boolean {
    const set = this.#patterns.by(held, PATTERN.range, (pattern) =>
      this.#com.call(pattern, 'IUIAutomationRangeValuePattern', 'SetValue', ['double'], value),
    );
    const kind = this.#kind(held);
    return set || (kind !== null && this.#classic.setRange(held.ownWindow, kind, value));
  }

  #value(held: Held): string | null {
    return this.#patterns.read(held, PATTERN.value, (pattern) =>
      this.#com.text(pattern, 'IUIAutomationValuePattern', 'get_CurrentValue'),
    );
  }

  /** What is chosen in a list that opens, which need not have a text of its own. */
  #chosen(held: Held): string | null {
    if (held.controlType !== COMBO) return null;
    return this.#patterns.read(held, PATTERN.selection, (pattern) =>
      this.#com.scope((own) => {
        const chosen = own(this.#com.object(pattern, 'IUIAutomationSelectionPattern', 'GetCurrentSelection'));
        return this.#patterns.names(chosen).join(', ');
      }),
    );
  }

  #document(held: Held): string | null {
    return this.#patterns.read(held, PATTERN.text, (pattern) =>
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
      this.#patterns.read(held, PATTERN.legacy, (pattern) => {
        if (this.#com.text(pattern, legacy, 'get_CurrentDefaultAction') === '') return false;
        this.#com.call(pattern, legacy, 'DoDefaultAction');
        return true;
      }) ?? false
    );
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
