/** The checks of `doctor` that follow the way out step by step: settings, resolution, TCP, proxy, interception, tunnel. */
import type { TLSSocket } from 'node:tls';
import { Fault } from '../fault.ts';
import { type AgentHome, readIdentity, tunnelTls } from '../identity/index.ts';
import { connectFault, probeProxy, probeResolution, probeSettings, probeTcp } from '../network/index.ts';
import { broken, type Check, failed, ok, warning } from './check.ts';

/** TLS 1.3 tells a refused client certificate only after the handshake: so long is listened for it. */
const REFUSAL_MS = 500;

/** The names and runs of the checks, in the order of the way. */
export function networkChecks(home: AgentHome): [string, () => Promise<Check>][] {
  const target = (): URL => new URL(readIdentity(home).tunnelUrl);
  const step =
    (name: string, probe: (url: URL) => Promise<string> | string): (() => Promise<Check>) =>
    async () =>
      ok(name, await probe(target()));
  return [
    ['way out', step('way out', (url) => probeSettings(home.network, url))],
    ['resolution', step('resolution', (url) => probeResolution(home.network, url))],
    ['tcp', step('tcp', (url) => probeTcp(home.network, url))],
    ['proxy', step('proxy', async (url) => (await probeProxy(home.network, url)) ?? 'none on the way')],
    ['interception', () => checkInterception(home)],
    ['tunnel', () => checkTunnel(home)],
  ];
}

async function checkInterception(home: AgentHome): Promise<Check> {
  const url = readIdentity(home).tunnelUrl;
  try {
    (await dial(home, url)).destroy();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    if (error.code === 'TLS_INTERCEPTED' || error.code === 'OUTER_TLS_UNTRUSTED') return broken('interception', error);
    return warning('interception', 'TLS did not get that far', 'see the checks before');
  }
  return ok('interception', 'the control plane proves itself by the roots of the enrolment');
}

async function checkTunnel(home: AgentHome): Promise<Check> {
  const { tunnelUrl } = readIdentity(home);
  const url = new URL(tunnelUrl);
  const socket = await dial(home, tunnelUrl);
  const problem = await new Promise<Error | null>((resolve) => {
    socket.on('error', resolve);
    socket.on('close', () => resolve(new Error('the gateway closed the connection: it may not admit this agent')));
    socket.resume();
    setTimeout(() => resolve(null), REFUSAL_MS);
  });
  socket.destroy();
  if (problem === null) return ok('tunnel', `${url.host} answers, both certificates are accepted`);
  return failed('tunnel', `${url.host}: ${problem.message}`, connectFault(url, problem).message);
}

function dial(home: AgentHome, tunnelUrl: string): Promise<TLSSocket> {
  return home.network.open('tunnel', new URL(tunnelUrl), tunnelTls(home, tunnelUrl));
}
