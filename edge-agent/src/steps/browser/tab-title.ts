/** A tab that a page has just opened is there before its document is: titles are asked for once that has been read. */
import type { Page } from 'playwright-core';
import { within } from '../within.ts';

const LOAD_MS = 2_000;

/** Waits for the document of a tab, for 2 s at most: one that takes longer is gone to as it is. */
export async function tabLoaded(page: Page): Promise<void> {
  await page.waitForLoadState('domcontentloaded', { timeout: LOAD_MS }).catch(() => {});
}

/** The title of a tab; empty when it cannot be had in time. */
export async function tabTitle(page: Page): Promise<string> {
  await tabLoaded(page);
  return within(LOAD_MS, page.title()).catch(() => '');
}
