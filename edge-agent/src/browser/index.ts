/** Finding, starting and proving a browser on this machine. */
export { BrowserError, type BrowserErrorCode } from './browser-error.ts';
export { type BrowserCandidate, type FindOptions } from './find.ts';
export { type PolicyProxy, startPolicyProxy } from './policy-proxy.ts';
export { claimProfile, type ClaimedProfile } from './profiles.ts';
export { startBrowser, type StartedBrowser } from './launch.ts';
export { browserCapabilities, NO_SANDBOX, probeBrowser, type BrowserProbe } from './probe.ts';
