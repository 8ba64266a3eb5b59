/**
 * Finds frames (`frame "Payment"` in a selector): Playwright has no role for them, so it gets an engine of ours, which runs
 * in the page, apart from the page's own scripts.
 *
 * A frame's name is its `title`, `aria-label` or `name`. Attributes compare as for other elements; `url` is the address that
 * the frame element names, `*` for any characters.
 */
import { selectors } from 'playwright-core';
import type { RoleStep } from '@casare/shared/workflow';
import { urlPattern } from './url-pattern.ts';

const ENGINE = 'casareframe';

/** What the engine is asked for. Patterns are sources of regular expressions. */
interface Wanted {
  readonly exact?: string;
  readonly pattern?: { readonly source: string; readonly flags: string };
  readonly id?: string;
  readonly url?: string;
  readonly attributes: readonly (readonly [string, string])[];
}

interface FrameElement {
  readonly localName: string;
  readonly src?: string;
  readonly shadowRoot: FrameRoot | null;
  getAttribute(name: string): string | null;
}
interface FrameRoot {
  querySelectorAll(selector: string): Iterable<FrameElement>;
}

let registered: Promise<void> | undefined;

/** Makes the engine known to Playwright; before the first page of a browser is opened. */
export function registerFrameEngine(): Promise<void> {
  return (registered ??= selectors.register(ENGINE, frameEngine, { contentScript: true }));
}

/** The text for `locator()` that finds what a step with role `frame` means. */
export function frameSelector(step: RoleStep): string {
  const { name, attributes } = step;
  const of = (key: string): string | undefined => attributes.find((attribute) => attribute.key === key)?.value;
  const [id, url] = [of('id'), of('url')];
  const wanted: Wanted = {
    ...(name?.kind === 'exact' ? { exact: name.text } : {}),
    ...(name?.kind === 'pattern' ? { pattern: { source: name.source, flags: name.ignoreCase ? 'i' : '' } } : {}),
    ...(id === undefined ? {} : { id }),
    ...(url === undefined ? {} : { url: urlPattern(url).source }),
    attributes: attributes.filter(({ key }) => key !== 'id' && key !== 'url').map(({ key, value }) => [key, value]),
  };
  return `${ENGINE}=${JSON.stringify(wanted)}`;
}

/** Runs in the page: uses nothing from outside itself. */
function frameEngine(): {
  query: (root: FrameRoot, text: string) => FrameElement | null;
  queryAll: (root: FrameRoot, text: string) => FrameElement[];
} {
  const queryAll = (root: FrameRoot, text: string): FrameElement[] => {
    const wanted = JSON.parse(text) as Wanted;
    const fits = (frame: FrameElement): boolean => {
      const names = ['title', 'aria-label', 'name'].map((key) => frame.getAttribute(key)?.trim() ?? '');
      if (wanted.exact !== undefined && !names.includes(wanted.exact)) return false;
      if (wanted.pattern !== undefined) {
        const pattern = new RegExp(wanted.pattern.source, wanted.pattern.flags);
        if (!names.some((name) => name !== '' && pattern.test(name))) return false;
      }
      if (
        wanted.id !== undefined &&
        ![frame.getAttribute('data-testid'), frame.getAttribute('id')].includes(wanted.id)
      ) {
        return false;
      }
      if (wanted.url !== undefined && !new RegExp(wanted.url).test(frame.src ?? '')) return false;
      return wanted.attributes.every(([key, value]) => frame.getAttribute(key) === value);
    };
    const found: FrameElement[] = [];
    const walk = (inside: FrameRoot): void => {
      for (const element of inside.querySelectorAll('*')) {
        if ((element.localName === 'iframe' || element.localName === 'frame') && fits(element)) found.push(element);
        if (element.shadowRoot !== null) walk(element.shadowRoot);
      }
    };
    walk(root);
    return found;
  };
  return { query: (root, text) => queryAll(root, text)[0] ?? null, queryAll };
}
