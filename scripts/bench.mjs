/** `npm run bench -- <name>`: installs and builds what is missing, then runs a bench under Node 24. */
import { spawn } from 'node:child_process';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { node24, NODE_FLAGS, ROOT } from './runtime.mjs';

try {
  await ensureInstalled(console.error);
  await ensureBuilt(console.error);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
const args = [...NODE_FLAGS, 'test/bench/main.ts', ...process.argv.slice(2)];
const bench = spawn(node24(), args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
// The bench removes what it made; a second signal from a terminal changes nothing.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => bench.kill('SIGTERM'));
bench.on('exit', (code) => process.exit(code ?? 1));
