/** Finding, starting and proving a browser on this machine. */
export { BrowserError, type BrowserErrorCode } from './browser-error.ts';
export { findBrowsers, installedPaths, type BrowserCandidate, type FindOptions } from './find.ts';
export { startBrowser, type StartedBrowser } from './launch.ts';
export { browserCapabilities, NO_SANDBOX, probeBrowser, type BrowserProbe } from './probe.ts';
