/** For tests: an enrolled home, without the enrolment (it has tests of its own). */
import { writeFileSync } from 'node:fs';
import { type AgentHome, agentHome, makeHome } from '../identity/index.ts';
import type { TestPki } from '../identity/pki-for-tests.ts';

export interface HomeUrls {
  readonly tunnelUrl: string;
  /** By default one at which nothing listens. */
  readonly enrolUrl?: string;
}

/** Writes the home of an agent of that PKI. */
export function writeEnrolledHome(
  root: string,
  pki: TestPki,
  { tunnelUrl, enrolUrl = 'https://127.0.0.1:1/' }: HomeUrls,
  environment: NodeJS.ProcessEnv = {},
): AgentHome {
  const home = agentHome(root, environment);
  makeHome(home);
  const { agentId } = pki;
  const identity = { agentId, tenant: 'acme', name: 'press 3', enrolUrl, tunnelUrl, declared: [] };
  const files = {
    [home.credential]: pki.agent.privateKeyPem + pki.agent.chainPem,
    [home.serverRoots]: pki.serverRoot,
    [home.identity]: JSON.stringify(identity),
  };
  for (const [path, text] of Object.entries(files)) writeFileSync(path, text, { mode: 0o600 });
  return home;
}
