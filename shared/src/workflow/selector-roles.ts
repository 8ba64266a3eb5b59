/**
 * The roles a selector may name: the concrete roles of WAI-ARIA 1.2 that an element can be found by, `window` for the
 * top-level windows of a desktop (UIA ControlType Window, AT-SPI frame and dialog), and `frame` for a page inside a page,
 * which only a browser has. Drivers map them to their own kinds.
 */

export const SELECTOR_ROLES = [
  ...['alert', 'alertdialog', 'application', 'article', 'banner', 'blockquote', 'button', 'caption', 'cell'],
  ...['checkbox', 'code', 'columnheader', 'combobox', 'complementary', 'contentinfo', 'definition', 'deletion'],
  ...[
    'dialog',
    'document',
    'emphasis',
    'feed',
    'figure',
    'form',
    'frame',
    'generic',
    'grid',
    'gridcell',
    'group',
    'heading',
  ],
  ...['img', 'insertion', 'link', 'list', 'listbox', 'listitem', 'log', 'main', 'marquee', 'math', 'menu', 'menubar'],
  ...['menuitem', 'menuitemcheckbox', 'menuitemradio', 'meter', 'navigation', 'note', 'option', 'paragraph'],
  ...['progressbar', 'radio', 'radiogroup', 'region', 'row', 'rowgroup', 'rowheader', 'scrollbar', 'search'],
  ...['searchbox', 'separator', 'slider', 'spinbutton', 'status', 'strong', 'subscript', 'superscript', 'switch'],
  ...['tab', 'table', 'tablist', 'tabpanel', 'term', 'textbox', 'time', 'timer', 'toolbar', 'tooltip', 'tree'],
  ...['treegrid', 'treeitem', 'window'],
] as const;

export type SelectorRole = (typeof SELECTOR_ROLES)[number];

/** Whether a word is one of the roles; they are written in lower case. */
export function isSelectorRole(word: string): word is SelectorRole {
  return (SELECTOR_ROLES as readonly string[]).includes(word);
}

/** The role a person most likely meant by a word that is none, or undefined if nothing comes near. */
export function suggestRole(word: string): SelectorRole | undefined {
  const lower = word.toLowerCase();
  if (isSelectorRole(lower)) return lower;
  const meant = OTHER_NAMES.get(lower);
  if (meant !== undefined || lower.length > LONGEST_ROLE + MAX_EDITS) return meant;
  const near = SELECTOR_ROLES.map((role) => ({ role, edits: editDistance(lower, role) }));
  near.sort((a, b) => a.edits - b.edits);
  // Short words are all alike: `tab` is as near to `table` as to `cab`, so they get fewer edits.
  const allowed = lower.length < 5 ? 1 : MAX_EDITS;
  return near[0] !== undefined && near[0].edits <= allowed ? near[0].role : undefined;
}

const MAX_EDITS = 2;
const LONGEST_ROLE = Math.max(...SELECTOR_ROLES.map((role) => role.length));

/** What HTML, UI Automation and habit call things. */
const OTHER_NAMES: ReadonlyMap<string, SelectorRole> = new Map<string, SelectorRole>([
  ['input', 'textbox'],
  ['edit', 'textbox'],
  ['field', 'textbox'],
  ['text', 'textbox'],
  ['textfield', 'textbox'],
  ['textarea', 'textbox'],
  ['password', 'textbox'],
  ['a', 'link'],
  ['anchor', 'link'],
  ['hyperlink', 'link'],
  ['btn', 'button'],
  ['submit', 'button'],
  ['select', 'combobox'],
  ['dropdown', 'combobox'],
  ['h1', 'heading'],
  ['title', 'heading'],
  ['image', 'img'],
  ['picture', 'img'],
  ['td', 'cell'],
  ['th', 'columnheader'],
  ['headeritem', 'columnheader'],
  ['tr', 'row'],
  ['dataitem', 'row'],
  ['datagrid', 'grid'],
  ['li', 'listitem'],
  ['radiobutton', 'radio'],
  ['spinner', 'spinbutton'],
  ['tabitem', 'tab'],
  ['statusbar', 'status'],
  ['iframe', 'frame'],
]);

/** How many letters must be inserted, removed, replaced or swapped with the next to turn one word into the other. */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const replaced = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      const swap = (swapped ? beforePrevious[column - 2] : undefined) ?? Infinity;
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, swap + 1));
    }
    [beforePrevious, previous] = [previous, current];
  }
  return previous[b.length] ?? 0;
}
