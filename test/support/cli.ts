/** The two commands of the product, run to their end as a person runs them. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { ROOT } from './program.ts';
import type { Stack } from './stack.ts';

/** How a command ended and what it wrote. */
export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** No command of a test takes longer, milliseconds. */
const LIMIT_MS = 60_000;

/** `casare`, for the control plane of the stack. */
export function casare({ home }: Pick<Stack, 'home'>, ...args: string[]): Promise<Ran> {
  return run('control-plane/dist/cli/main.js', args, at(home));
}

/** `casare-certs`, for the same. */
export function casareCerts({ home }: Pick<Stack, 'home'>, ...args: string[]): Promise<Ran> {
  return run('control-plane/dist/cli/certs-main.js', args, at(home));
}

/** Whoever runs the tests may be signed in somewhere: that is not for them. */
function at(home: string): NodeJS.ProcessEnv {
  return { CASARE_HOME: home, XDG_CONFIG_HOME: path.join(home, 'config') };
}

/** `casare-agent`. */
export function casareAgent(...args: string[]): Promise<Ran> {
  return run('edge-agent/dist/cli/main.js', args, {});
}

function run(script: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ran> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', path.join(ROOT, script), ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT_MS,
    // A process that hangs hears nothing else.
    killSignal: 'SIGKILL',
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  return new Promise((resolve, reject) =>
    child.once('error', reject).once('close', (code) => resolve({ code, out, err })),
  );
}
