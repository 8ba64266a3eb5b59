/**
 * The project's runtime is Node 24; the host's may be older (20 is enough to install). This file finds a Node 24:
 * the running one, else the binary carried by the npm package `node-<os>-<arch>` in node_modules, and runs programs
 * under it. Plain JavaScript that Node 20 understands, no dependencies.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const WANTED = 24;
export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** Path of a Node 24 binary; throws one line that says how to mend it when there is none. */
export function node24() {
  if (Number(process.versions.node.split('.')[0]) >= WANTED) return process.execPath;
  const os = process.platform === 'win32' ? 'win' : process.platform;
  const binary = process.platform === 'win32' ? 'node.exe' : 'node';
  const carried = path.join(ROOT, 'node_modules', `node-${os}-${process.arch}`, 'bin', binary);
  if (existsSync(carried)) return carried;
  throw new Error(
    `NODE_TOO_OLD: this is Node ${process.versions.node}, Casare runs on ${WANTED}: ` +
      `run \`npm ci\` (it brings the runtime on Linux x64 and Windows x64), or install Node ${WANTED}.`,
  );
}

/**
 * Runs `entry` (a file URL) with this process's arguments under Node 24, and ends as it ends. The child has an IPC
 * channel that carries nothing: when this process is killed the channel closes, and the child stops too.
 */
export async function runUnderNode24(entry) {
  const file = fileURLToPath(entry);
  if (!existsSync(file)) fail('NOT_BUILT: the programs are not built yet: run `npm run build` in the checkout.');
  let binary;
  try {
    binary = node24();
  } catch (error) {
    fail(error.message);
  }
  const child = spawn(binary, [...NODE_FLAGS, file, ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  const forward = (signal) => child.kill(signal);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, forward);
  child.on('error', (error) =>
    fail(`NODE_UNUSABLE: ${binary} does not start (${error.message}): run \`npm ci\` again.`),
  );
  child.on('exit', (code, signal) => {
    for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.removeListener(name, forward);
    if (signal) process.kill(process.pid, signal);
    else process.exit(code ?? 1);
  });
}

/** Flags every Casare program runs with: `node:sqlite` is stable enough for us, its warning is noise. */
export const NODE_FLAGS = ['--disable-warning=ExperimentalWarning', '--enable-source-maps'];

function fail(line) {
  process.stderr.write(`${line}\n`);
  process.exit(1);
}
