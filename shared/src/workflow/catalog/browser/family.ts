/** What the browser steps have in common. `open` starts the run's browser session; the others act in it. */

const browser = { slot: 'browser', capabilities: ['browser.chromium'], needsSession: true } as const;

/** Reading, and going to an address by GET. */
export const reading = { ...browser, effect: 'idempotent' } as const;
/** Whatever changes a page may have done so on the server too. */
export const acting = { ...browser, effect: 'unsafe' } as const;

/** How long an address may take to load, milliseconds. */
export const LOADING_MS = 60_000;
