/**
 * Functions that run inside the page: Playwright sends their source, so they use nothing from outside themselves.
 * The agent is compiled without the DOM's types (they would change those of Node's timers everywhere), so the few
 * members used here are declared.
 */

interface PageDocument {
  readonly documentElement: { readonly outerHTML: string };
  querySelectorAll(selector: string): Iterable<PageElement>;
}

/** What is used of an element. */
export interface PageElement {
  readonly value?: string;
  readonly type?: string;
  readonly checked?: boolean;
  readonly isContentEditable?: boolean;
  readonly innerText?: string;
  readonly textContent: string | null;
  readonly localName: string;
  readonly control?: PageElement | null;
  readonly files?: Iterable<{ readonly name: string }>;
  readonly parentElement: PageElement | null;
  readonly options?: Iterable<{ readonly label: string; readonly selected: boolean }>;
  matches(selector: string): boolean;
  closest(selector: string): PageElement | null;
  querySelectorAll(selector: string): Iterable<PageElement>;
  getAttribute(name: string): string | null;
  checkVisibility(options: { visibilityProperty: boolean }): boolean;
}

declare const document: PageDocument;
declare const location: { readonly href: string };

/** Every text of a document in which a secret could be. */
export function textsOfDocument(): string[] {
  const fields = Array.from(document.querySelectorAll('input, textarea'));
  return [location.href, document.documentElement.outerHTML, ...fields.map((field) => field.value ?? '')];
}

/** Whether the element is a file field, or a label of one. */
export function fileFieldOf(element: PageElement): boolean {
  const field = element.localName === 'label' ? (element.control ?? element) : element;
  return field.localName === 'input' && field.getAttribute('type')?.toLowerCase() === 'file';
}

/** The names of the files that a file field holds. */
export function fileNamesOf(element: PageElement): string[] {
  const field = element.localName === 'label' ? (element.control ?? element) : element;
  return Array.from(field.files ?? [], ({ name }) => name);
}

/** What a field holds, or the field of a label; `null` for anything else, also for a page's own kind of field. */
export function valueOf(element: PageElement): string | null {
  // As Playwright finds the field that it fills: what can be used itself is not meant as a part of its label.
  const USED =
    'a, button, option, optgroup, [role="link"], [role="button"], [role="checkbox"], [role="radio"], input, textarea, select';
  const PRESSED = 'button, [role="button"], [role="checkbox"], [role="radio"]';
  const isPart = element.isContentEditable !== true && !element.matches(USED) && element.closest(PRESSED) === null;
  const field = isPart ? (element.closest('label')?.control ?? element) : element;
  return ['input', 'textarea', 'select'].includes(field.localName) ? (field.value ?? null) : null;
}

/** The text of an element that is edited in place; `null` for anything else, also for a page's own kind of element. */
export function editedOf(element: PageElement): string | null {
  return element.isContentEditable === true && !element.localName.includes('-') ? (element.innerText ?? null) : null;
}

/** Whether a check box, radio button or switch is set; `null` for anything else, and where another element may be meant. */
export function checkedOf(element: PageElement): boolean | null {
  const BOXES = ['checkbox', 'radio', 'switch', 'menuitemcheckbox', 'menuitemradio'];
  const PRESSED = 'button, [role="button"], [role="checkbox"], [role="radio"]';
  if (element.localName === 'input') {
    return BOXES.includes(element.type ?? '') ? (element.checked ?? null) : null;
  }
  const isMeant = element.closest('label') === null && (element.closest(PRESSED) ?? element) === element;
  if (!isMeant || !BOXES.includes(element.getAttribute('role') ?? '')) return null;
  return element.getAttribute('aria-checked')?.toLowerCase() === 'true';
}

/** What is typed into password fields. */
export function passwordsOfDocument(): string[] {
  return Array.from(document.querySelectorAll('input[type="password"]'), (field) => field.value ?? '').filter(
    (value) => value !== '',
  );
}

/** What alerts on the page say, such as why a form was refused; at most three. */
export function alertsOfDocument(): string[] {
  return Array.from(document.querySelectorAll('[role="alert"], [role="alertdialog"], [aria-live="assertive"]'))
    .filter((alert) => alert.checkVisibility({ visibilityProperty: true }))
    .map((alert) => (alert.innerText ?? '').replace(/\s+/g, ' ').trim().slice(0, 200))
    .filter((text) => text !== '')
    .slice(0, 3);
}

/** The texts of a native list's options and which of them are chosen; `null` for anything else. */
export function optionsOf(element: PageElement): { label: string; selected: boolean }[] | null {
  if (element.localName !== 'select') return null;
  return Array.from(element.options ?? [], ({ label, selected }) => ({
    label: label.replace(/\s+/g, ' ').trim(),
    selected,
  }));
}

/** The texts of a list's own items, not of lists inside them; `null` for anything else. Hidden items are left out. */
export function itemsOf(root: PageElement, most: number): string[] | null {
  const LIST =
    'ul, ol, menu, select, [role="list"], [role="listbox"], [role="menu"], [role="menubar"], [role="tree"], [role="tablist"]';
  const ITEM = 'li, option, [role="listitem"], [role="option"], [role^="menuitem"], [role="treeitem"], [role="tab"]';
  if (root.closest(LIST) !== root) return null;
  return Array.from(root.querySelectorAll(ITEM))
    .filter((item) => item.parentElement?.closest(LIST) === root)
    .filter((item) => item.localName === 'option' || item.checkVisibility({ visibilityProperty: true }))
    .slice(0, most)
    .map((item) => (item.innerText ?? item.textContent ?? '').replace(/\s+/g, ' ').trim());
}

/** A table as text: its column headers (empty ones are `Column <n>`, repeated ones numbered) and its rows. */
export interface PageTable {
  readonly columns: string[];
  readonly rows: string[][];
}

/** Reads an HTML table or an ARIA table or grid; `null` for anything else. Hidden rows and cells are left out. */
export function tableOf(root: PageElement, maxRows: number): PageTable | null {
  const TABLE = 'table, [role="table"], [role="grid"], [role="treegrid"]';
  const CELL = 'td, th, [role="cell"], [role="gridcell"], [role="rowheader"], [role="columnheader"]';
  if (root.closest(TABLE) !== root) return null;
  const visible = (element: PageElement): boolean => element.checkVisibility({ visibilityProperty: true });
  const text = (element: PageElement): string =>
    (element.innerText ?? element.textContent ?? '').replace(/\s+/g, ' ').trim();
  const isHeader = (cell: PageElement): boolean =>
    cell.getAttribute('role') === 'columnheader' ||
    (cell.localName === 'th' && cell.getAttribute('scope') !== 'row' && cell.getAttribute('role') === null);
  // A table inside a cell has rows of its own: only those whose nearest table is this one count.
  const lines = Array.from(root.querySelectorAll('tr, [role="row"]'))
    .filter((line) => line.closest(TABLE) === root && visible(line))
    .map((line) => Array.from(line.querySelectorAll(CELL)).filter((cell) => cell.closest(TABLE) === root))
    .map((cells) => cells.filter(visible))
    .filter((cells) => cells.length > 0);
  const first = lines.findIndex((cells) => cells.every(isHeader));
  const spread = (cells: PageElement[]): string[] =>
    cells.flatMap((cell) => {
      const span = Number(cell.getAttribute('colspan') ?? cell.getAttribute('aria-colspan') ?? 1);
      return Array.from({ length: Math.min(Math.max(Number.isInteger(span) ? span : 1, 1), 100) }, () => text(cell));
    });
  const body = lines.filter((cells, index) => index > first && !cells.every(isHeader)).slice(0, maxRows);
  const rows = body.map(spread);
  const headers = first === -1 ? [] : spread(lines[first] ?? []);
  const width = Math.max(headers.length, ...rows.map((row) => row.length), 0);
  const seen = new Map<string, number>();
  const columns = Array.from({ length: width }, (_, index) => {
    const name = headers[index] || `Column ${index + 1}`;
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return count === 1 ? name : `${name} ${count}`;
  });
  return { columns, rows };
}
