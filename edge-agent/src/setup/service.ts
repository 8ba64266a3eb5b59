/**
 * `service install` and `service remove`, for those who do without the MSI: the same service as the MSI makes, by the same
 * names, from the folder that the agent was unpacked in. On Linux the packages bring the units.
 *
 * Invariants: a service that the MSI made is not touched; none is made of a program that others than administrators can
 * change, since it would run as the service's account whatever they put there.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../fault.ts';
import { type AgentHome, makeHome } from '../identity/index.ts';
import {
  changeProblem,
  closeToOthers,
  createService,
  MACHINE,
  registryText,
  removeRegistryKey,
  removeService,
  setRegistryValue,
  startService,
} from '../windows/index.ts';

const SERVICE = 'CasareAgent';
const ACCOUNT = `NT SERVICE\\${SERVICE}`;
const HOST_FILE = 'casare-agent-host.exe';
const EVENT_KEY = String.raw`SYSTEM\CurrentControlSet\Services\EventLog\Application\Casare Agent`;
/** The MSI says there where it has put the agent. */
const PACKAGE_KEY = String.raw`Software\Casare\Agent`;
/** Errors, warnings and information. */
const EVENT_TYPES = 7;

export interface ServicePlace {
  readonly home: AgentHome;
  /** Where Node, the agent and the service host are. */
  readonly folder: string;
  /** Instead of the service's own. */
  readonly account?: string | undefined;
}

/**
 * Makes the service and starts it. Answers what was done, a line each.
 *
 * @throws Fault NOT_WINDOWS, SERVICE_OF_PACKAGE, SERVICE_HOST_MISSING, SERVICE_FOLDER_UNSAFE, SERVICE_EXISTS, SERVICE_REFUSED,
 *   REGISTRY_NOT_SET, HOME_UNWRITABLE
 */
export function installService({ home, folder, account = ACCOUNT }: ServicePlace): string[] {
  verifyOurs();
  const host = join(folder, HOST_FILE);
  if (!existsSync(host)) {
    const text = `there is no ${HOST_FILE} beside ${process.execPath}: unpack an agent for Windows, or install the MSI`;
    throw new Fault('SERVICE_HOST_MISSING', text);
  }
  for (const file of [host, process.execPath, join(folder, 'casare-agent.mjs')]) {
    const problem = existsSync(file) ? changeProblem(file) : null;
    if (problem !== null) throw new Fault('SERVICE_FOLDER_UNSAFE', problem);
  }
  makeHome(home);
  closeToOthers(home.root);
  createService({
    name: SERVICE,
    shown: 'Casare Agent',
    description: 'Runs automation on this machine for Casare.',
    command: `"${host}" --home "${home.root}"`,
    account,
  });
  setRegistryValue(EVENT_KEY, 'EventMessageFile', host);
  setRegistryValue(EVENT_KEY, 'TypesSupported', EVENT_TYPES);
  startService(SERVICE);
  return [
    `service: ${SERVICE}, as ${account}, started`,
    `home: ${home.root}`,
    `log: ${join(home.root, 'logs', 'agent.log')}`,
  ];
}

/** Stops the service and takes it away; identity and data stay. @throws Fault NOT_WINDOWS, SERVICE_OF_PACKAGE, SERVICE_REFUSED */
export async function uninstallService(): Promise<string[]> {
  verifyOurs();
  const had = await removeService(SERVICE);
  removeRegistryKey(EVENT_KEY);
  return [had ? `removed: the service ${SERVICE}` : `nothing: there is no service ${SERVICE}`];
}

function verifyOurs(): void {
  if (process.platform !== 'win32') {
    const text =
      'on Linux the packages bring the service: install the deb, or run install.sh of the archive for other distributions';
    throw new Fault('NOT_WINDOWS', text, { exitCode: 2 });
  }
  const made = registryText(MACHINE, PACKAGE_KEY, 'InstallDir');
  if (made === null) return;
  const text = `the MSI has made this service (${made}): change it by msiexec, or by Apps in Settings`;
  throw new Fault('SERVICE_OF_PACKAGE', text);
}
