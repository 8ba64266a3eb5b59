/**
 * Installs the npm packages when they are missing or older than the lock file, and says so while it happens. Used by
 * every command, so that each works on a fresh checkout. Plain JavaScript that Node 20 understands.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './runtime.mjs';

const STAMP = path.join(ROOT, 'node_modules', '.casare-installed');

/** Runs `npm ci` unless node_modules already holds what the lock file says. `progress` gets one line at a time. */
export async function ensureInstalled(progress) {
  const wanted = createHash('sha256')
    .update(readFileSync(path.join(ROOT, 'package-lock.json')))
    .digest('hex');
  if (stamped() === wanted) return;
  progress('Installing packages (about 120 MB, a minute or two) ...');
  const started = Date.now();
  const ticking = setInterval(() => progress(`... still installing, ${seconds(started)} s`), 15_000);
  const result = await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  clearInterval(ticking);
  if (result.code !== 0) {
    const why = result.output.trim().split('\n').slice(-3).join(' ');
    throw new Error(
      `INSTALL_FAILED: npm ci failed: ${why} Check the network and the disk, then run the command again.`,
    );
  }
  writeFileSync(STAMP, wanted);
  progress(`Packages installed in ${seconds(started)} s`);
}

function stamped() {
  try {
    return readFileSync(STAMP, 'utf8');
  } catch {
    return null;
  }
}

/** Runs a command, its output kept; `{ code, output }`. */
function run(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: process.platform === 'win32',
    });
    let output = '';
    const keep = (chunk) => {
      output = (output + chunk).slice(-20_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => resolve({ code: 1, output: error.message }));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

const seconds = (since) => Math.round((Date.now() - since) / 1_000);
