/** Where the tests of this package find and keep a real browser: unpacked once, shared by all test files. */
import { fileURLToPath } from 'node:url';
import { findBrowsers, type BrowserCandidate, type FindOptions } from './find.ts';

export const TEST_BROWSER: FindOptions = {
  home: fileURLToPath(new URL('../../../node_modules/.cache/casare-tests', import.meta.url)),
  env: process.env,
  platform: process.platform,
};

/** All browsers `findBrowsers` offers, in order. */
export async function listBrowsers(options: FindOptions): Promise<BrowserCandidate[]> {
  const found: BrowserCandidate[] = [];
  for await (const candidate of findBrowsers(options)) found.push(candidate);
  return found;
}
