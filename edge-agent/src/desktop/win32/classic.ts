/**
 * Controls as old as Windows, by messages: what UI Automation shows of them is sometimes read-only, or nothing. Messages
 * to a hanging program end after a while.
 */
import type { ElementState, RangeValue } from '../desktop-driver.ts';
import { textOf, type WindowsApi } from './api.ts';

export type ClassicKind = 'edit' | 'button' | 'check' | 'radio' | 'combobox' | 'listbox' | 'trackbar' | 'label';

const GWL_STYLE = -16;
const STYLE = { password: 0x20, readOnly: 0x800, multiline: 0x4, buttonType: 0xf } as const;
/** BS_*: check boxes, three-state ones, and radio buttons, each also automatic. */
const BUTTON_KINDS: Readonly<Record<number, ClassicKind>> = {
  2: 'check',
  3: 'check',
  5: 'check',
  6: 'check',
  4: 'radio',
  9: 'radio',
};
const WM = { null: 0, setText: 0x0c, getText: 0x0d, getTextLength: 0x0e, command: 0x111, hScroll: 0x114 } as const;
const BM = { getCheck: 0xf0, click: 0xf5 } as const;
const CB = {
  getSelected: 0x147,
  getText: 0x148,
  getTextLength: 0x149,
  getCount: 0x146,
  select: 0x14e,
  show: 0x14f,
  shown: 0x157,
} as const;
const LB = { getSelected: 0x188, getText: 0x189, getTextLength: 0x18a, getCount: 0x18b, select: 0x186 } as const;
const TB = { position: 0x400, least: 0x401, most: 0x402, move: 0x405 } as const;
const NOTICE = { editChanged: 0x300, selected: 1, comboChosen: 9 } as const;
const [THUMB_POSITION, END_TRACK] = [4, 8];
const ABORT_IF_HUNG = 2;
const ANSWER_MS = 2_000;
const MOST_CHARACTERS = 1_000_000;
/** Options of one list. */
const MOST_OPTIONS = 2_000;

/** UI Automation's control types of them, for where it does not know them. */
export const CLASSIC_TYPES: Readonly<Record<ClassicKind, number>> = {
  edit: 50004,
  button: 50000,
  check: 50002,
  radio: 50013,
  combobox: 50003,
  listbox: 50008,
  trackbar: 50015,
  label: 50020,
};

export class ClassicControls {
  readonly #api: WindowsApi;

  constructor(api: WindowsApi) {
    this.#api = api;
  }

  /** What a window is; null for one that is not of the classic classes. */
  kindOf(window: number, className: string): ClassicKind | null {
    switch (className.toLowerCase()) {
      case 'edit':
        return 'edit';
      case 'button':
        return BUTTON_KINDS[this.#style(window) & STYLE.buttonType] ?? 'button';
      case 'static':
        return 'label';
      case 'combobox':
        return 'combobox';
      case 'listbox':
        return 'listbox';
      case 'msctls_trackbar32':
        return 'trackbar';
      default:
        return null;
    }
  }

  /** What its style and its answers say of it. */
  states(window: number, kind: ClassicKind): ElementState[] {
    const style = this.#style(window);
    if (kind === 'edit') {
      return [
        ...((style & STYLE.readOnly) === 0 ? (['editable'] as const) : (['readonly'] as const)),
        ...((style & STYLE.password) === 0 ? [] : (['protected'] as const)),
        ...((style & STYLE.multiline) === 0 ? [] : (['multiline'] as const)),
      ];
    }
    if (kind === 'check' || kind === 'radio') {
      const checked = this.#send(window, BM.getCheck);
      return ['checkable', ...(checked === 1 ? (['checked'] as const) : checked === 2 ? (['mixed'] as const) : [])];
    }
    if (kind === 'combobox')
      return ['expandable', ...(this.#send(window, CB.shown) === 1 ? (['expanded'] as const) : [])];
    return [];
  }

  /** What it holds; null for what holds no text. A protected field says how long its text is. */
  text(window: number, kind: ClassicKind): string | null {
    if (kind !== 'edit' && kind !== 'combobox') return null;
    const length = Math.min(this.#send(window, WM.getTextLength) ?? 0, MOST_CHARACTERS);
    if (kind === 'edit' && (this.#style(window) & STYLE.password) !== 0) return '•'.repeat(length);
    return this.#textBy(window, WM.getText, length + 1, length);
  }

  setText(window: number, kind: ClassicKind, text: string): boolean {
    if (kind !== 'edit' || (this.#style(window) & STYLE.readOnly) !== 0) return false;
    if (this.#send(window, WM.setText, 0, Buffer.from(`${text}\0`, 'utf16le')) === null) return false;
    this.#notify(window, NOTICE.editChanged);
    return true;
  }

  /** Without waiting for what comes of it: that may be a dialog. */
  press(window: number, kind: ClassicKind): boolean {
    return (
      (kind === 'button' || kind === 'check' || kind === 'radio') && this.#api.PostMessageW(window, BM.click, 0, 0)
    );
  }

  expand(window: number, kind: ClassicKind, expanded: boolean): boolean {
    return kind === 'combobox' && this.#send(window, CB.show, expanded ? 1 : 0) !== null;
  }

  /** The texts of a list's options, and which one is chosen (-1 for none); null for what is no list. */
  options(window: number, kind: ClassicKind): { readonly texts: string[]; readonly selected: number } | null {
    const by = kind === 'combobox' ? CB : kind === 'listbox' ? LB : null;
    if (by === null) return null;
    const count = Math.min(this.#send(window, by.getCount) ?? 0, MOST_OPTIONS);
    const texts = Array.from({ length: Math.max(count, 0) }, (_, index) => {
      const length = Math.min(this.#send(window, by.getTextLength, index) ?? 0, MOST_CHARACTERS);
      return length > 0 ? this.#textBy(window, by.getText, index, length) : '';
    });
    return { texts, selected: (this.#send(window, by.getSelected) ?? -1) | 0 };
  }

  choose(window: number, kind: ClassicKind, index: number): boolean {
    const by = kind === 'combobox' ? CB : kind === 'listbox' ? LB : null;
    if (by === null || this.#send(window, by.select, index) === null) return false;
    this.#notify(window, NOTICE.selected);
    if (kind === 'combobox') this.#notify(window, NOTICE.comboChosen);
    return true;
  }

  range(window: number, kind: ClassicKind): RangeValue | null {
    if (kind !== 'trackbar') return null;
    const [value, least, most] = [TB.position, TB.least, TB.most].map((message) => this.#send(window, message));
    return value == null || least == null || most == null
      ? null
      : { value: value | 0, least: least | 0, most: most | 0 };
  }

  setRange(window: number, kind: ClassicKind, value: number): boolean {
    if (kind !== 'trackbar' || this.#send(window, TB.move, 1, BigInt(value)) === null) return false;
    const parent = this.#api.GetParent(window);
    // As its owner hears of a move by hand.
    this.#api.PostMessageW(parent, WM.hScroll, (value << 16) | THUMB_POSITION, window);
    this.#api.PostMessageW(parent, WM.hScroll, END_TRACK, window);
    return true;
  }

  /** The number that its program gave it, as UI Automation's identifier of such controls; empty for none. */
  id(window: number): string {
    const id = this.#api.GetDlgCtrlID(window);
    return id > 0 ? String(id) : '';
  }

  /** Whether the window's program reads messages now. */
  answers(window: number, ms = ANSWER_MS): boolean {
    return this.#send(window, WM.null, 0, null, ms) !== null;
  }

  className(window: number): string {
    return textOf((text, most) => this.#api.GetClassNameW(window, text, most));
  }

  #style(window: number): number {
    return this.#api.GetWindowLongW(window, GWL_STYLE) >>> 0;
  }

  #notify(window: number, notice: number): void {
    const id = this.#api.GetDlgCtrlID(window) & 0xffff;
    this.#api.PostMessageW(this.#api.GetParent(window), WM.command, (notice << 16) | id, window);
  }

  #textBy(window: number, message: number, w: number, length: number): string {
    const text = Buffer.alloc((length + 1) * 2);
    const copied = this.#send(window, message, w, text) ?? 0;
    return text.toString('utf16le', 0, Math.min(Math.max(copied, 0), length) * 2);
  }

  /** The answer, null when there is none in time. */
  #send(window: number, message: number, w = 0, l: Buffer | bigint | null = null, ms = ANSWER_MS): number | null {
    const result = Buffer.alloc(8);
    const sent = this.#api.SendMessageTimeoutW(window, message, w, l, ABORT_IF_HUNG, ms, result);
    return sent === 0 ? null : result.readInt32LE(0);
  }
}
