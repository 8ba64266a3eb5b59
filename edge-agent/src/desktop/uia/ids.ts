/** Numbers of UI Automation that its documentation fixes (`UIAutomationClient.h`): properties, patterns, scopes. */

/** Properties of elements. */
export const PROPERTY = {
  controlType: 30003,
  name: 30005,
  hasFocus: 30008,
  focusable: 30009,
  enabled: 30010,
  id: 30011,
  className: 30012,
  password: 30019,
  window: 30020,
  offscreen: 30022,
  hasExpandCollapse: 30028,
  hasGridItem: 30029,
  hasGrid: 30030,
  hasScroll: 30034,
  hasSelectionItem: 30036,
  hasToggle: 30041,
  hasValue: 30043,
  readOnly: 30046,
  gridRow: 30064,
  gridColumn: 30065,
  expandState: 30070,
  interaction: 30076,
  modal: 30077,
  selected: 30079,
  toggleState: 30086,
} as const;

/** ValueValue: read of cells alone, since a document's is all of it. */
export const VALUE = 30045;

export const PATTERN = {
  invoke: 10000,
  selection: 10001,
  value: 10002,
  range: 10003,
  scroll: 10004,
  expandCollapse: 10005,
  grid: 10006,
  window: 10009,
  selectionItem: 10010,
  table: 10012,
  tableItem: 10013,
  text: 10014,
  toggle: 10015,
  transform: 10016,
  scrollItem: 10017,
  legacy: 10018,
} as const;

/** TreeScope. */
export const SCOPE = { element: 1, children: 2, descendants: 4, subtree: 7 } as const;

/** ExpandCollapseState. */
export const EXPAND = { expanded: 1, partly: 2, leaf: 3 } as const;

/** WindowVisualState. */
export const VISUAL_STATE = { normal: 0, maximized: 1, minimized: 2 } as const;

/** WindowInteractionState: a dialog of it has to be answered first. */
export const BLOCKED_BY_MODAL = 3;

/** ToggleState. */
export const TOGGLE = { on: 1, mixed: 2 } as const;

/** Class and interface identifiers. */
export const GUID = {
  CUIAutomation8: 'e22ad333-b25f-460c-83d0-0581107395c9',
  CUIAutomation: 'ff48dba4-60ef-4201-aa87-54103eef594e',
  IUIAutomation: '30cbe57d-d9d0-452a-ab13-7ac5ac4825ee',
  IUIAutomation2: '34723aff-0c9d-49d0-9896-7ab52df8cd8a',
} as const;

/** A GUID as COM lays it out: three little-endian numbers, then bytes. */
export function guidBytes(text: string): Buffer {
  const bytes = Buffer.from(text.replaceAll('-', ''), 'hex');
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}
