/** What a parsed selector is, and the bounds of one. The grammar is described in `selector.ts`. */
import type { SelectorRole } from './selector-roles.ts';

/** The longest selector, in UTF-16 units. */
export const MAX_SELECTOR_LENGTH = 2_000;
export const MAX_SELECTOR_STEPS = 10;
/** The longest regular expression, slashes and flag not counted. */
export const MAX_PATTERN_LENGTH = 200;
export const MAX_ATTRIBUTES = 10;
export const MAX_NTH = 10_000;

/** A parsed selector; `steps` has 1 to 10 entries, the outermost first. */
export interface Selector {
  readonly steps: readonly SelectorStep[];
}

export type SelectorStep = RoleStep | ExpressionStep;

/** An element by role and, where given, accessible name and attributes. */
export interface RoleStep {
  readonly kind: 'role';
  readonly role: SelectorRole;
  readonly name?: SelectorName;
  /** In the order written, each key once; `id` is data-testid, AutomationId or accessible-id. */
  readonly attributes: readonly SelectorAttribute[];
  /** Which of several matches is meant, counted from 1. */
  readonly nth?: number;
}

/** An element by a CSS selector or an XPath expression; only a browser understands it. */
export interface ExpressionStep {
  readonly kind: 'css' | 'xpath';
  /** Not blank. */
  readonly expression: string;
  /** Which of several matches is meant, counted from 1. */
  readonly nth?: number;
}

/** `exact`: the whole accessible name, never empty. `pattern`: see `patternOf`. */
export type SelectorName =
  | { readonly kind: 'exact'; readonly text: string }
  | { readonly kind: 'pattern'; readonly source: string; readonly ignoreCase: boolean };

export interface SelectorAttribute {
  /** A letter, then letters, digits and hyphens; at most 40. */
  readonly key: string;
  /** Never empty. */
  readonly value: string;
}

/** `at` is where the fault is: an index into the text, from 0 to its length. */
export type SelectorResult =
  | { readonly ok: true; readonly selector: Selector }
  | { readonly ok: false; readonly message: string; readonly at: number };

/** The regular expression of a `pattern` name; it may match anywhere in the accessible name. */
export function patternOf(name: Extract<SelectorName, { kind: 'pattern' }>): RegExp {
  return new RegExp(name.source, name.ignoreCase ? 'i' : '');
}
