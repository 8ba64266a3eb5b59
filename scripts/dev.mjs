/**
 * `npm run dev`: the inner loop. Everything up as `npm start` has it, without the example job; the compiler and the
 * console's bundler watch the sources, and after each good build the programs are started anew.
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { node24, NODE_FLAGS, ROOT } from './runtime.mjs';

try {
  await ensureInstalled(console.log);
  await ensureBuilt(console.log);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}

const watchers = [
  watch('types', ['node_modules/typescript-7/bin/tsc', '-b', '--watch', '--preserveWatchOutput'], onCompiled),
  watch('console', [
    'node_modules/vite/bin/vite.js',
    'build',
    '--watch',
    '--logLevel',
    'warn',
    'control-plane/console',
  ]),
];
let programs = null;
let restarting = Promise.resolve();
let first = true;

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
  process.on(signal, async () => {
    for (const watcher of watchers) watcher.kill();
    await stopPrograms();
    process.exit(0);
  });
}

/** The first report is the build we made ourselves. */
function onCompiled(line) {
  if (!/Found 0 errors/.test(line)) return;
  if (!first) console.log('sources changed: starting the programs anew');
  first = false;
  restarting = restarting.then(stopPrograms).then(startPrograms);
}

function startPrograms() {
  const main = path.join(ROOT, 'scripts/quickstart/main.ts');
  programs = spawn(node24(), [...NODE_FLAGS, main, '--no-job'], { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
}

function stopPrograms() {
  if (programs === null || programs.exitCode !== null) return Promise.resolve();
  const ended = new Promise((resolve) => programs.once('exit', resolve));
  programs.kill('SIGTERM');
  return ended;
}

function watch(name, args, onLine = () => {}) {
  const child = spawn(node24(), args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (/error/i.test(line) && !/Found 0 errors/.test(line)) console.log(`${name}: ${line}`);
    onLine(line);
  });
  return child;
}
