/**
 * What an agent can find out about itself. Only these names are believed when an agent reports them; any other label
 * routes jobs only when the control plane granted it (design section 2), so that an agent in foreign hands cannot
 * attract jobs, and the secrets that go with them, by calling itself what it is not.
 */
const PROBES: ReadonlySet<string> = new Set([
  'os',
  'arch',
  'agent.version',
  'browser.chromium',
  'browser.chrome',
  'browser.edge',
  'browser.firefox',
  'browser.webkit',
  'desktop',
  'desktop.linux',
  'desktop.windows',
  'session',
  'screen',
  'screen.dpi',
]);

/** True for a label (`name` or `name=value`) that an agent may report about itself. */
export function isProbed(label: string): boolean {
  return PROBES.has(label.split('=', 1)[0]!);
}
