/**
 * `npm run chaos -- [--minutes N] [--seed S] [--jobs N]`: one PostgreSQL, two control planes and three agents as real
 * processes; kill -9, SIGSTOP and cut sockets by a seeded schedule; what clients were told is judged at the end. Exit 0 when
 * nothing was lost, recorded twice or stuck; else the seed, the schedule and the lines of the history that show it.
 */
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { node24, NODE_FLAGS, ROOT } from './runtime.mjs';

const USAGE = 'npm run chaos -- [--minutes N] [--seed S] [--jobs N]';
const BOUNDS = { minutes: [0.1, 600], seed: [1, 999_999_999], jobs: [1, 1_000_000] };

const options = readArguments();
try {
  await ensureInstalled(console.error);
  await ensureBuilt(console.error);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
if (process.platform !== 'linux') {
  console.error('CHAOS_NEEDS_LINUX: processes are stopped and looked up as Linux does it: run it on Linux');
  process.exit(1);
}
const args = [...NODE_FLAGS, 'test/chaos/main.ts', ...options];
const chaos = spawn(node24(), args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
// It ends what it started and removes what it made; a second signal from a terminal changes nothing.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => chaos.kill('SIGTERM'));
chaos.on('exit', (code) => process.exit(code ?? 1));

/** As they are passed on; a seed is chosen when none is given. */
function readArguments() {
  try {
    const number = { type: 'string' };
    const { values } = parseArgs({ options: { minutes: number, seed: number, jobs: number } });
    const given = { minutes: '5', jobs: '20000', seed: String(1 + Math.floor(Math.random() * 999_999)), ...values };
    return Object.entries(given).flatMap(([name, value]) => {
      const [least, most] = BOUNDS[name];
      const isWhole = name === 'minutes' || Number.isInteger(Number(value));
      if (isWhole && Number(value) >= least && Number(value) <= most) return [`--${name}`, value];
      throw new Error(`--${name} must be a number from ${least} to ${most}`);
    });
  } catch (error) {
    console.error(`CHAOS_USAGE: ${error.message}; use ${USAGE}`);
    process.exit(2);
  }
}
