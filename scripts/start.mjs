/**
 * `npm start`: from a fresh checkout to a finished browser job. This part runs on the host's Node (20 or newer) and
 * needs nothing installed: it installs, builds, and hands over to the quick start under Node 24.
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { node24, NODE_FLAGS, ROOT } from './runtime.mjs';

const started = Date.now();
const json = process.argv.includes('--json');
// With --json the result line is all that goes to standard output.
const progress = (line) => (json ? process.stderr : process.stdout).write(`${line}\n`);

try {
  await ensureInstalled(progress);
  await ensureBuilt(progress);
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}

const child = spawn(
  node24(),
  [...NODE_FLAGS, path.join(ROOT, 'scripts/quickstart/main.ts'), ...process.argv.slice(2)],
  { stdio: ['inherit', 'inherit', 'inherit', 'ipc'], env: { ...process.env, CASARE_STARTED_AT: String(started) } },
);
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code) => process.exit(code ?? 1));
