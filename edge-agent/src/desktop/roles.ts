/**
 * How systems call what ARIA names by role: the roles by which a selector finds an element, the one that is written in
 * proposals first. A driver whose table lacks a role finds its elements by `generic`.
 */
import type { SelectorRole } from '@casare/shared/workflow';

type Roles = readonly [SelectorRole, ...SelectorRole[]];

/** What has no role of its own. */
export const GENERIC: Roles = ['generic'];

/** What a top-level window is found by, whatever else it is. */
export function asWindow(roles: Roles): Roles {
  return ['window', ...roles.filter((role) => role !== 'window' && role !== 'generic')];
}

/** A cell of a tree that can be opened. GTK does not tell the others from cells of a table. */
export function asTreeItem(roles: Roles): Roles {
  return [...roles, 'treeitem'];
}

/** AT-SPI's roles by name (atspi-constants.h). */
const ATSPI: Readonly<Record<string, Roles>> = {
  alert: ['alertdialog', 'alert', 'dialog', 'window'],
  application: ['application'],
  article: ['article'],
  'block quote': ['blockquote'],
  calendar: ['grid'],
  canvas: ['img'],
  caption: ['caption'],
  chart: ['figure'],
  'check box': ['checkbox'],
  'check menu item': ['menuitemcheckbox', 'menuitem'],
  'color chooser': ['dialog', 'window'],
  'column header': ['columnheader'],
  'combo box': ['combobox'],
  'content deletion': ['deletion'],
  'content insertion': ['insertion'],
  definition: ['definition'],
  'description list': ['list'],
  'description term': ['term'],
  'description value': ['definition'],
  dialog: ['dialog', 'window'],
  'document email': ['document'],
  'document frame': ['document'],
  'document presentation': ['document'],
  'document spreadsheet': ['document'],
  'document text': ['document'],
  'document web': ['document'],
  entry: ['textbox'],
  'file chooser': ['dialog', 'window'],
  'font chooser': ['dialog', 'window'],
  footer: ['contentinfo'],
  form: ['form'],
  frame: ['window'],
  grouping: ['group'],
  header: ['banner'],
  heading: ['heading'],
  icon: ['img'],
  image: ['img'],
  'info bar': ['status', 'alert'],
  'internal frame': ['region'],
  label: ['paragraph'],
  landmark: ['region'],
  'level bar': ['meter'],
  link: ['link'],
  list: ['list', 'listbox'],
  'list box': ['listbox', 'list'],
  'list item': ['listitem', 'option'],
  log: ['log'],
  marquee: ['marquee'],
  math: ['math'],
  // What opens a menu and the menu itself: toolkits use it for both.
  menu: ['menu', 'menuitem'],
  'menu bar': ['menubar'],
  'menu item': ['menuitem', 'option'],
  notification: ['alert', 'status'],
  'page tab': ['tab'],
  'page tab list': ['tablist'],
  panel: ['group'],
  paragraph: ['paragraph'],
  'password text': ['textbox'],
  'popup menu': ['menu'],
  'progress bar': ['progressbar'],
  'push button': ['button'],
  'push button menu': ['button'],
  'radio button': ['radio'],
  'radio menu item': ['menuitemradio', 'menuitem'],
  'row header': ['rowheader'],
  'scroll bar': ['scrollbar'],
  section: ['region'],
  separator: ['separator'],
  slider: ['slider'],
  'spin button': ['spinbutton'],
  static: ['paragraph'],
  'status bar': ['status'],
  subscript: ['subscript'],
  superscript: ['superscript'],
  switch: ['switch', 'checkbox'],
  table: ['table', 'grid'],
  'table cell': ['cell', 'gridcell'],
  'table column header': ['columnheader'],
  'table row': ['row'],
  'table row header': ['rowheader'],
  'tearoff menu item': ['menuitem'],
  terminal: ['textbox'],
  text: ['textbox'],
  timer: ['timer'],
  'toggle button': ['button', 'switch'],
  'tool bar': ['toolbar'],
  'tool tip': ['tooltip'],
  tree: ['tree'],
  'tree item': ['treeitem'],
  'tree table': ['treegrid', 'table', 'grid', 'tree'],
  window: ['window'],
};

/** The roles of an AT-SPI role's name. */
export function rolesOfAtspi(name: string): Roles {
  return ATSPI[name] ?? GENERIC;
}

/** UI Automation's control types by number (`UIAutomationClient.h`), each with the name that people know it by. */
const UIA: Readonly<Record<number, readonly [name: string, roles: Roles]>> = {
  50000: ['Button', ['button']],
  50001: ['Calendar', ['grid']],
  50002: ['CheckBox', ['checkbox']],
  50003: ['ComboBox', ['combobox']],
  50004: ['Edit', ['textbox']],
  50005: ['Hyperlink', ['link']],
  50006: ['Image', ['img']],
  50007: ['ListItem', ['listitem', 'option']],
  50008: ['List', ['list', 'listbox']],
  50009: ['Menu', ['menu']],
  50010: ['MenuBar', ['menubar']],
  50011: ['MenuItem', ['menuitem', 'option']],
  50012: ['ProgressBar', ['progressbar']],
  50013: ['RadioButton', ['radio']],
  50014: ['ScrollBar', ['scrollbar']],
  50015: ['Slider', ['slider']],
  50016: ['Spinner', ['spinbutton']],
  50017: ['StatusBar', ['status']],
  50018: ['Tab', ['tablist']],
  50019: ['TabItem', ['tab']],
  50020: ['Text', ['paragraph']],
  50021: ['ToolBar', ['toolbar']],
  50022: ['ToolTip', ['tooltip']],
  50023: ['Tree', ['tree']],
  50024: ['TreeItem', ['treeitem']],
  50026: ['Group', ['group']],
  50028: ['DataGrid', ['table', 'grid']],
  50029: ['DataItem', ['row', 'listitem', 'option']],
  50030: ['Document', ['document', 'textbox']],
  50031: ['SplitButton', ['button']],
  50032: ['Window', ['window', 'dialog']],
  50033: ['Pane', ['group']],
  50034: ['Header', ['group']],
  50035: ['HeaderItem', ['columnheader']],
  50036: ['Table', ['table', 'grid']],
  50037: ['TitleBar', ['group']],
  50038: ['Separator', ['separator']],
};

/** What an element of UI Automation can do beside its control type. */
export interface UiaTraits {
  /** It has rows and columns. */
  readonly isGrid: boolean;
  /** It is a cell of what has. */
  readonly isGridItem: boolean;
  /** It is turned on and off. */
  readonly toggles: boolean;
}

/** The roles of a control type, with the name that the system gives it. A list with columns is a table. */
export function rolesOfUia(type: number, traits: UiaTraits): { readonly nativeRole: string; readonly roles: Roles } {
  const [nativeRole, roles] = UIA[type] ?? [type === 50025 ? 'Custom' : String(type), GENERIC];
  if (traits.isGridItem && type !== 50029 && type !== 50035) return { nativeRole, roles: ['cell', 'gridcell'] };
  if (traits.isGrid && type === 50008) return { nativeRole, roles: ['table', 'grid', 'list', 'listbox'] };
  if (traits.toggles && type === 50000) return { nativeRole, roles: ['button', 'switch'] };
  return { nativeRole, roles };
}
