/**
 * The agent home: where everything of one agent is. Only its owner may enter it; that is verified at every start.
 *
 *   identity.json  credential.pem  server-roots.pem        who the agent is
 *   join-token                                             what an installer left, until the agent is enrolled
 *   next-key.json                                          a certificate that was asked for
 *   sealing-key.json                                        what secrets are sealed to
 *   network.json                                            the way out to the control plane
 *   outbox.db  spool/                                       what waits for the control plane
 *   runs/<job>/                                             the runs' folders, the newest kept
 *   logs/agent.log  status.json  agent.sock                 for people
 *   audit/                                                  what ran, for whom, under which policy
 */
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { codeOf, Fault } from '../fault.ts';
import { Network, type NetworkSettings } from '../network/index.ts';
import { makePrivate, privacyProblem } from '../windows/index.ts';

export { isPartOf, type Owner, writeWhole } from '../write-whole.ts';

export interface AgentHome {
  readonly root: string;
  readonly identity: string;
  /** Key and certificate; see `credential.ts`. */
  readonly credential: string;
  /** The key of the certificate that is asked for. */
  readonly nextKey: string;
  /** The key that secrets are sealed to. */
  readonly sealingKey: string;
  /** Key and certificate of a home that has not renewed since version 0.1. */
  readonly key: string;
  readonly chain: string;
  readonly joinToken: string;
  /** An enrolment under way, with its key. */
  readonly request: string;
  readonly serverRoots: string;
  readonly outbox: string;
  readonly spool: string;
  readonly runs: string;
  readonly logs: string;
  /** Of the agent's own audit log. */
  readonly audit: string;
  readonly status: string;
  readonly socket: string;
  /** Opens the connections to the control plane, as `network.json` and the environment say. */
  readonly network: Network;
}

/** `.casare/` in the checkout, as the control plane has it. */
const DEFAULT_HOME = fileURLToPath(new URL('../../../.casare', import.meta.url));

/**
 * The home named by `--home` or CASARE_AGENT_HOME, or `<CASARE_HOME or .casare>/agent`.
 * @param network the way out as `agent.yaml` says it; null: as `network.json` of the home does
 */
export function agentHome(
  given: string | undefined,
  environment: NodeJS.ProcessEnv,
  network: NetworkSettings | null = null,
): AgentHome {
  const named = given ?? environment['CASARE_AGENT_HOME'];
  const root = resolve(
    named === undefined || named === '' ? join(environment['CASARE_HOME'] ?? DEFAULT_HOME, 'agent') : named,
  );
  return {
    root,
    identity: join(root, 'identity.json'),
    credential: join(root, 'credential.pem'),
    nextKey: join(root, 'next-key.json'),
    sealingKey: join(root, 'sealing-key.json'),
    key: join(root, 'agent.key'),
    chain: join(root, 'chain.pem'),
    joinToken: join(root, 'join-token'),
    request: join(root, 'enrolment.json'),
    serverRoots: join(root, 'server-roots.pem'),
    outbox: join(root, 'outbox.db'),
    spool: join(root, 'spool'),
    runs: join(root, 'runs'),
    logs: join(root, 'logs'),
    audit: join(root, 'audit'),
    status: join(root, 'status.json'),
    socket: join(root, 'agent.sock'),
    network: new Network(join(root, 'network.json'), environment, network),
  };
}

/** Makes the home where it is missing. Throws HOME_UNWRITABLE. */
export function makeHome(home: AgentHome): void {
  try {
    makeFolder(home.root);
    // a folder made by hand is taken over only while it is empty: it could be anything
    if (readdirSync(home.root).length === 0) closeToOthers(home.root);
    for (const folder of [home.spool, home.runs, home.logs]) makeFolder(folder);
  } catch (error) {
    if (error instanceof Fault) throw error;
    const why = codeOf(error) || 'unknown';
    throw new Fault('HOME_UNWRITABLE', `the agent home ${home.root} cannot be written (${why}): use another --home`);
  }
}

/** Step by step: Node's own recursive `mkdir` never returns below a directory like /proc. */
function makeFolder(folder: string): void {
  const parent = dirname(folder);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return;
    if (codeOf(error) !== 'ENOENT' || parent === folder || existsSync(parent)) throw error;
    makeFolder(parent);
    mkdirSync(folder, { mode: 0o700 });
  }
}

function closeToOthers(folder: string): void {
  if (process.platform === 'win32') makePrivate(folder, true);
  else chmodSync(folder, 0o700);
}

/**
 * What is wrong with the permissions of the home and its keys; empty when all is well.
 * @param user whose they are to be
 */
export function permissionProblems(home: AgentHome, user = process.getuid?.()): string[] {
  const problems: string[] = [];
  const check = (path: string, what: string, wanted: string): void => {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) return;
    if (process.platform === 'win32') {
      const problem = privacyProblem(path, found.isDirectory());
      if (problem !== null) problems.push(`${what} ${problem}`);
      return;
    }
    const owner = user ?? found.uid;
    if (found.uid !== owner) problems.push(`${what} ${path} belongs to uid ${found.uid}: give it to uid ${owner}`);
    if ((found.mode & 0o077) !== 0) problems.push(`${what} ${path} is open to others: chmod ${wanted} it`);
  };
  check(home.root, 'the agent home', '700');
  for (const key of keyFiles(home)) check(key, 'the key', '600');
  check(home.identity, 'the identity', '600');
  check(home.network.file, 'the network settings', '600');
  return problems;
}

/** What holds a private key. */
export function keyFiles(home: AgentHome): string[] {
  return [home.credential, home.nextKey, home.sealingKey, home.key, home.request];
}

/** Throws HOME_UNSAFE when others may enter the home or read its key. */
export function verifyPermissions(home: AgentHome): void {
  const [problem] = permissionProblems(home);
  if (problem !== undefined) throw new Fault('HOME_UNSAFE', problem);
}
