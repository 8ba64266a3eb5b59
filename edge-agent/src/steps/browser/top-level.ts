/** Requests that change what a tab shows. */
import type { Page, Request } from 'playwright-core';

/** True for the navigation of a tab, not of a frame in it. Of a tab that is only being opened there is no frame yet. */
export function isTopLevel(request: Request): boolean {
  return request.isNavigationRequest() && (frameOf(request)?.parentFrame() ?? null) === null;
}

/** The tab that the request belongs to; `null` while it is being opened. */
export function pageOf(request: Request): Page | null {
  return frameOf(request)?.page() ?? null;
}

/** Playwright throws where there is none yet. */
function frameOf(request: Request): ReturnType<Request['frame']> | null {
  try {
    return request.frame();
  } catch {
    return null;
  }
}
