/**
 * The checks that follow the way out step by step: settings, names, TCP, proxy, interception, tunnel. The tunnel is opened
 * as far as the WebSocket and no further: an agent that runs on this home keeps its session.
 */
import type { TLSSocket } from 'node:tls';
import { Fault } from '../fault.ts';
import { type AgentHome, readIdentity, tunnelTls } from '../identity/index.ts';
import { probeProxy, probeSettings, probeTcp } from '../network/index.ts';
import { probeUpgrade } from '../tunnel/index.ts';
import { broken, type Check, finding, ok } from './check.ts';
import type { CheckName } from './findings.ts';
import { checkNames } from './name-check.ts';

/** The names and runs of the checks, in the order of the way. */
export function networkChecks(home: AgentHome): [CheckName, () => Promise<Check | Check[]>][] {
  const target = (): URL => new URL(readIdentity(home).tunnelUrl);
  const step =
    (name: CheckName, probe: (url: URL) => Promise<string> | string): (() => Promise<Check>) =>
    async () =>
      ok(name, await probe(target()));
  return [
    ['way out', step('way out', (url) => probeSettings(home.network, url))],
    ['resolution', () => checkNames(home)],
    ['tcp', step('tcp', (url) => probeTcp(home.network, url))],
    ['proxy', step('proxy', async (url) => (await probeProxy(home.network, url)) ?? noneText(home, url))],
    ['interception', () => checkInterception(home)],
    ['tunnel', () => checkTunnel(home)],
  ];
}

function noneText(home: AgentHome, url: URL): string {
  const { passedBy } = home.network.wayTo(url);
  return passedBy === null ? 'none on the way' : `none on the way: ${passedBy} leaves this host out`;
}

async function checkInterception(home: AgentHome): Promise<Check> {
  const url = readIdentity(home).tunnelUrl;
  try {
    (await dial(home, url)).destroy();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    if (error.code === 'TLS_INTERCEPTED' || error.code === 'OUTER_TLS_UNTRUSTED') return broken('interception', error);
    return finding('interception', 'INTERCEPTION_UNKNOWN', 'TLS did not get that far');
  }
  return ok('interception', 'the control plane proves itself by the roots of the enrolment');
}

async function checkTunnel(home: AgentHome): Promise<Check> {
  const { tunnelUrl } = readIdentity(home);
  const { host } = new URL(tunnelUrl);
  const ended = await probeUpgrade(home.network, tunnelUrl, tunnelTls(home, tunnelUrl));
  if (ended === null) return ok('tunnel', `${host} answers, both certificates are accepted, the WebSocket opens`);
  const code = ended.upgraded || ended.refused ? 'TUNNEL_REFUSED' : 'TUNNEL_NO_UPGRADE';
  return finding('tunnel', code, `${host}: ${ended.why}`);
}

function dial(home: AgentHome, tunnelUrl: string): Promise<TLSSocket> {
  return home.network.open('tunnel', new URL(tunnelUrl), tunnelTls(home, tunnelUrl));
}
