/** Numbers of AT-SPI (at-spi2-core, atspi/atspi-constants.h): roles by their order, states by their bit. */
import type { ElementState } from '../desktop-driver.ts';

const ROLE_NAMES = [
  ...['invalid', 'accelerator label', 'alert', 'animation', 'arrow', 'calendar', 'canvas', 'check box'],
  ...['check menu item', 'color chooser', 'column header', 'combo box', 'date editor', 'desktop icon'],
  ...['desktop frame', 'dial', 'dialog', 'directory pane', 'drawing area', 'file chooser', 'filler'],
  ...['focus traversable', 'font chooser', 'frame', 'glass pane', 'html container', 'icon', 'image'],
  ...['internal frame', 'label', 'layered pane', 'list', 'list item', 'menu', 'menu bar', 'menu item'],
  ...['option pane', 'page tab', 'page tab list', 'panel', 'password text', 'popup menu', 'progress bar'],
  ...['push button', 'radio button', 'radio menu item', 'root pane', 'row header', 'scroll bar', 'scroll pane'],
  ...['separator', 'slider', 'spin button', 'split pane', 'status bar', 'table', 'table cell'],
  ...['table column header', 'table row header', 'tearoff menu item', 'terminal', 'text', 'toggle button'],
  ...['tool bar', 'tool tip', 'tree', 'tree table', 'unknown', 'viewport', 'window', 'extended', 'header'],
  ...['footer', 'paragraph', 'ruler', 'application', 'autocomplete', 'editbar', 'embedded', 'entry', 'chart'],
  ...['caption', 'document frame', 'heading', 'page', 'section', 'redundant object', 'form', 'link'],
  ...['input method window', 'table row', 'tree item', 'document spreadsheet', 'document presentation'],
  ...['document text', 'document web', 'document email', 'comment', 'list box', 'grouping', 'image map'],
  ...['notification', 'info bar', 'level bar', 'title bar', 'block quote', 'audio', 'video', 'definition'],
  ...['article', 'landmark', 'log', 'marquee', 'math', 'rating', 'timer', 'static', 'math fraction'],
  ...['math root', 'subscript', 'superscript', 'description list', 'description term', 'description value'],
  ...['footnote', 'content deletion', 'content insertion', 'mark', 'suggestion', 'push button menu', 'switch'],
] as const;

/** The name of a role's number. */
export function roleName(role: number): string {
  return ROLE_NAMES[role] ?? 'unknown';
}

/** Bits of the states that we look at. */
const STATE = {
  active: 1,
  checked: 4,
  defunct: 6,
  editable: 7,
  enabled: 8,
  expandable: 9,
  expanded: 10,
  focusable: 11,
  focused: 12,
  modal: 16,
  multiLine: 17,
  pressed: 20,
  selectable: 22,
  selected: 23,
  sensitive: 24,
  showing: 25,
  vertical: 29,
  visible: 30,
  managesDescendants: 31,
  indeterminate: 32,
  checkable: 41,
  readOnly: 43,
} as const;

const CHECKABLE = new Set([
  'check box',
  'check menu item',
  'radio button',
  'radio menu item',
  'toggle button',
  'switch',
]);

/** Roles of what shows only a part of what is in it. */
const CLIPPING = new Set(['scroll pane', 'viewport', 'table', 'tree table']);

/** What the two words of states of an element with this role mean. */
export function statesOf(words: readonly number[], role: string): ReadonlySet<ElementState> {
  const has = (state: keyof typeof STATE): boolean => hasBit(words, STATE[state]);
  const found: [ElementState, boolean][] = [
    ['showing', has('showing') && has('visible')],
    ['enabled', has('enabled') || has('sensitive')],
    ['focusable', has('focusable')],
    ['focused', has('focused')],
    ['checkable', has('checkable') || CHECKABLE.has(role)],
    ['checked', has('checked') || (role === 'toggle button' && has('pressed'))],
    ['mixed', has('indeterminate')],
    ['selectable', has('selectable')],
    ['selected', has('selected')],
    ['expandable', has('expandable')],
    ['expanded', has('expanded')],
    ['editable', has('editable')],
    ['readonly', has('readOnly')],
    ['multiline', has('multiLine')],
    ['modal', has('modal')],
    ['active', has('active')],
    ['protected', role === 'password text'],
    ['clips', CLIPPING.has(role)],
  ];
  return new Set(found.filter(([, holds]) => holds).map(([state]) => state));
}

/** It is gone. */
export function isDefunct(words: readonly number[]): boolean {
  return hasBit(words, STATE.defunct);
}

/** It is longer than it is wide, by its own word. */
export function isVertical(words: readonly number[]): boolean {
  return hasBit(words, STATE.vertical);
}

/** It makes its children when they are asked for: there may be any number of them. */
export function managesDescendants(words: readonly number[]): boolean {
  return hasBit(words, STATE.managesDescendants);
}

function hasBit(words: readonly number[], bit: number): boolean {
  return (((words[bit >> 5] ?? 0) >>> (bit & 31)) & 1) === 1;
}

/** Kinds of relation between elements. */
export const RELATION_LABELLED_BY = 2;
/** Coordinates relative to the screen. */
export const SCREEN = 0;
