/**
 * What an executor saw, cut to what a record holds. Titles and names come from pages and windows: however long they are, they
 * must not keep a step from being recorded.
 */
import { SEEN, type StepSeen } from '@casare/shared/protocol';

/** The same facts, each within its bound. */
export function boundedSeen({ target, page, window }: StepSeen): StepSeen {
  return {
    ...(target === undefined
      ? {}
      : {
          target: {
            selector: text(target.selector),
            found: target.found === null ? null : text(target.found),
            matches: target.matches,
            ...(target.candidates === undefined
              ? {}
              : { candidates: target.candidates.slice(0, SEEN.candidates).map(text) }),
          },
        }),
    ...(page === undefined ? {} : { page: { url: text(page.url), title: title(page.title) } }),
    ...(window === undefined ? {} : { window: { title: title(window.title), application: title(window.application) } }),
  };
}

function text(whole: string): string {
  return whole.slice(0, SEEN.text);
}

function title(whole: string): string {
  return whole.slice(0, SEEN.title);
}
