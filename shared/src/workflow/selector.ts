/**
 * Selectors: one syntax to name an element in a browser, in UI Automation and in AT-SPI.
 *
 *     target := step (">>" step)*                         each step is looked for inside the one before
 *     step   := role [name] ("[" key "=" string "]")* [nth]
 *             | ("css=" | "xpath=") (string | raw text up to the next ">>") [nth]     browser only
 *     name   := string (the exact accessible name) | "/" regular expression "/" ["i"]
 *     nth    := ":nth(" n ")"                             n counts from 1
 *     string := a JSON string, as jq's @json makes it
 *
 * `frame` is a page inside a page (an iframe): `frame "Payment" >> textbox "Card number"`. The steps behind it are looked
 * for inside. Its name is its `title`, `aria-label` or `name`; `[url="https://pay.example/*"]` is its address.
 *
 * Data gets into a selector as a JSON string (`@json "row \($n) >> link \"PDF\""`), so what must stay true is: whatever
 * the data, it is read back as exactly that one string, or the selector is refused; it never becomes syntax. That is why
 * these are refused, though each could be given a meaning:
 * - an empty string: `"\"\($x)\""`, quoted once by the author and once by @json, would put the data outside the quotes;
 * - a double quote inside a regular expression or between single quotes: data would end the one or the other;
 * - a backslash in raw XPath, which knows no escapes: the quote of a `\"` would end the XPath string.
 * A css or xpath expression that needs one of them can be written as a JSON string.
 */
import { Fault, Reader } from './selector-reader.ts';
import { MAX_SELECTOR_LENGTH } from './selector-types.ts';
import type { Selector, SelectorName, SelectorResult, SelectorStep } from './selector-types.ts';

export * from './selector-types.ts';
export { isSelectorRole, SELECTOR_ROLES } from './selector-roles.ts';
export type { SelectorRole } from './selector-roles.ts';

/** Reads a selector. Never throws; does not look whether a driver knows the attributes or the kind of step. */
export function parseSelector(text: string): SelectorResult {
  if (text.length > MAX_SELECTOR_LENGTH) {
    const message = `the selector has ${text.length} characters; at most ${MAX_SELECTOR_LENGTH} are allowed`;
    return { ok: false, message, at: MAX_SELECTOR_LENGTH };
  }
  try {
    return { ok: true, selector: new Reader(text).selector() };
  } catch (fault) {
    if (fault instanceof Fault) return { ok: false, message: fault.message, at: fault.at };
    throw fault;
  }
}

/**
 * The canonical text of a selector: parsing it gives the same selector again. Fit for messages and records.
 * Expects what `parseSelector` returned.
 */
export function formatSelector(selector: Selector): string {
  return selector.steps.map(formatStep).join(' >> ');
}

function formatStep(step: SelectorStep): string {
  const nth = step.nth === undefined ? '' : ` :nth(${step.nth})`;
  if (step.kind !== 'role') {
    const raw = `${step.kind}=${step.expression}`;
    const again = parseSelector(raw);
    const only = again.ok && again.selector.steps.length === 1 ? again.selector.steps[0] : undefined;
    const fits = only?.kind === step.kind && only.expression === step.expression && only.nth === undefined;
    return `${fits ? raw : `${step.kind}=${JSON.stringify(step.expression)}`}${nth}`;
  }
  const attributes = step.attributes.map(({ key, value }) => ` [${key}=${JSON.stringify(value)}]`).join('');
  return `${step.role}${step.name === undefined ? '' : ` ${formatName(step.name)}`}${attributes}${nth}`;
}

function formatName(name: SelectorName): string {
  return name.kind === 'exact' ? JSON.stringify(name.text) : `/${name.source}/${name.ignoreCase ? 'i' : ''}`;
}
