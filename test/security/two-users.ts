/**
 * An agent and its worker host as two users of the system, as the installers make them: real processes under numbers that
 * no account has, with the files of an installed agent. Needs root.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { vi } from 'vitest';
import { agentHome } from '../../edge-agent/src/identity/index.ts';
import { createTestPki } from '../../edge-agent/src/identity/pki-for-tests.ts';
import { ProtocolPeer } from '../../edge-agent/src/tunnel/protocol-peer-for-tests.ts';
import { killMarked } from '../../edge-agent/src/runner/process-tree.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const NODE_FLAGS = ['--conditions=source', '--disable-warning=ExperimentalWarning'];
const CLI = path.join(ROOT, 'edge-agent/src/cli/main.ts');
const HOST = path.join(ROOT, 'edge-agent/src/worker-host/main-for-tests.ts');
/** On everything that is started, to be found again. */
const MARK = 'CASARE_TWO_USERS';

export const AGENT = 61_101;
export const WORKER = 61_102;
export const STRANGER = 61_103;

/** Why this cannot be tried here; null when it can. */
export function twoUsersReason(): string | null {
  if (process.platform !== 'linux') return 'users of the system are tried on Linux';
  if (process.getuid?.() !== 0) return 'needs root, to be two users';
  // A copy of the sources that the prover makes is its own.
  if (process.env['CASARE_SECURITY_PROVING'] !== undefined || ROOT.startsWith(tmpdir())) chmodSync(ROOT, 0o755);
  const sees = asUser(WORKER, [WORKER], [process.execPath, '-e', `require('fs').accessSync(process.argv[1])`, CLI]);
  if (sees.error !== undefined) return 'setpriv is not installed';
  return sees.status === 0 ? null : 'other users cannot read this checkout';
}

/** Runs a program as a user, to its end. */
export function asUser(uid: number, groups: readonly number[], [program = '', ...args]: readonly string[]) {
  return spawnSync('setpriv', [...identity(uid, groups), program, ...args], { encoding: 'utf8', timeout: 30_000 });
}

/** What `setpriv` is told to make a program this user's. */
export function identity(uid: number, groups: readonly number[]): string[] {
  return [`--reuid=${uid}`, `--regid=${uid}`, `--groups=${groups.join(',')}`, '--'];
}

export interface Installed {
  readonly base: string;
  readonly peer: ProtocolPeer;
  readonly home: ReturnType<typeof agentHome>;
  /** Of the machine: the policy, the configuration and a join token. */
  readonly etc: { readonly policy: string; readonly config: string; readonly token: string };
  readonly socket: string;
  agent: ChildProcess;
  startAgent(): void;
  /** With the product's worker, or another program in its place. */
  startHost(module?: URL): ChildProcess;
  readonly output: () => string;
  end(): Promise<void>;
}

/** Makes the files and starts the agent. */
export async function install(policy: string): Promise<Installed> {
  const pki = await createTestPki();
  const peer = await ProtocolPeer.start(pki);
  const base = mkdtempSync(path.join(tmpdir(), 'casare-two-users-'));
  chmodSync(base, 0o755);
  const folder = (name: string, uid: number, gid: number, mode: number): string => {
    const made = path.join(base, name);
    mkdirSync(made);
    chownSync(made, uid, gid);
    chmodSync(made, mode);
    return made;
  };
  const home = agentHome(folder('agent', AGENT, AGENT, 0o700), {});
  const place = folder('workers', AGENT, WORKER, 0o750);
  folder('worker-home', WORKER, WORKER, 0o700);
  const file = (name: string, text: string, [uid, gid, mode]: readonly [number, number, number]): string => {
    const made = path.isAbsolute(name) ? name : path.join(base, name);
    writeFileSync(made, text, { mode });
    chownSync(made, uid, gid);
    return made;
  };
  file(home.credential, pki.agent.privateKeyPem + pki.agent.chainPem, [AGENT, AGENT, 0o600]);
  file(home.serverRoots, pki.serverRoot, [AGENT, AGENT, 0o600]);
  const urls = { enrolUrl: 'https://127.0.0.1:1/', tunnelUrl: peer.url };
  const who = { agentId: pki.agentId, tenant: 'acme', name: 'press 3', declared: [], ...urls };
  file(home.identity, JSON.stringify(who), [AGENT, AGENT, 0o600]);
  const etc = {
    policy: file('policy.yaml', policy, [0, AGENT, 0o640]),
    config: file('agent.yaml', 'name: press 3\n', [0, AGENT, 0o640]),
    token: file('join-token', 'casare_token', [AGENT, AGENT, 0o600]),
  };
  const socket = path.join(place, 'host.sock');
  let output = '';
  const started: { child: ChildProcess; ended: Promise<unknown> }[] = [];
  const start = (uid: number, groups: readonly number[], args: readonly string[]): ChildProcess => {
    // No browser: this is about files and processes.
    const env = {
      PATH: process.env['PATH'],
      HOME: base,
      CASARE_BROWSER: '/does/not/exist',

      [MARK]: base,
    };
    const all = [...identity(uid, groups), process.execPath, ...NODE_FLAGS, ...args];
    const child = spawn('setpriv', all, { env, cwd: base });
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (piece: Buffer) => (output += piece.toString()));
    started.push({ child, ended: once(child, 'close') });
    return child;
  };
  const startAgent = (): ChildProcess => {
    const paths = ['--home', home.root, '--policy', etc.policy, '--worker-socket', socket];
    return start(AGENT, [AGENT, WORKER], [CLI, 'run', ...paths, '--slots', 'plain=2,browser=0,desktop=0']);
  };
  const installed: Installed = {
    ...{ base, peer, home, etc, socket, agent: startAgent() },
    startAgent: () => (installed.agent = startAgent()),
    startHost: (module) => {
      const args =
        module === undefined
          ? [CLI, 'worker-host', '--socket', socket, '--home', path.join(base, 'worker-home')]
          : [HOST, socket, module.href, path.join(base, 'worker-home')];
      return start(WORKER, [WORKER], args);
    },
    output: () => output,
    end: async () => {
      for (const { child } of started) child.kill('SIGKILL');
      await Promise.all(started.map(({ ended }) => ended));
      killMarked(MARK, base);
      await peer.stop();
      rmSync(base, { recursive: true, force: true });
    },
  };
  await vi.waitFor(() => {
    if (!readdirSync(place).includes('host.sock')) throw new Error(`the agent does not listen: ${output}`);
  });
  return installed;
}
