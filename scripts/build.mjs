/**
 * Builds what has changed: the programs by TypeScript's project references, the console by Vite. Does nothing, in
 * milliseconds, when the sources are as they were. Plain JavaScript that Node 20 understands.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureInstalled } from './install.mjs';
import { node24, ROOT } from './runtime.mjs';

const STAMP = path.join(ROOT, 'node_modules', '.casare-built');
const PROGRAMS = ['shared', 'certs', 'control-plane', 'edge-agent', 'installer'];
const CONSOLE = 'control-plane/console';
const VIEWER = 'shared/dist/viewer.html';

/** Builds if needed. `progress` gets one line at a time; throws with the compilers' output when they refuse. */
export async function ensureBuilt(progress) {
  const wanted = { programs: fingerprint(PROGRAMS), console: fingerprint([CONSOLE, 'shared']) };
  const done = stamped();
  const outputs = PROGRAMS.every((name) => existsSync(path.join(ROOT, name, 'dist')));
  if (!outputs || done.programs !== wanted.programs) {
    step(progress, 'Building the programs', ['node_modules/typescript-7/bin/tsc', '-b']);
  }
  if (!existsSync(path.join(ROOT, CONSOLE, 'dist', 'index.html')) || done.console !== wanted.console) {
    step(progress, 'Building the console', ['node_modules/vite/bin/vite.js', 'build', '--logLevel', 'warn', CONSOLE]);
  }
  // Of the same sources as the console: the page that shows run records, where both programs find it.
  if (!existsSync(path.join(ROOT, VIEWER)) || done.console !== wanted.console) {
    const config = ['--config', `${CONSOLE}/vite.viewer.config.ts`];
    step(progress, 'Building the viewer', [
      'node_modules/vite/bin/vite.js',
      'build',
      ...config,
      '--logLevel',
      'warn',
      CONSOLE,
    ]);
  }
  writeFileSync(STAMP, JSON.stringify(wanted));
}

function step(progress, what, args) {
  progress(`${what} ...`);
  const started = Date.now();
  const result = spawnSync(node24(), args, { cwd: ROOT, encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`BUILD_FAILED: ${what} failed:\n${result.stdout}${result.stderr}`);
  progress(`${what}: done in ${((Date.now() - started) / 1_000).toFixed(1)} s`);
}

/** Digest of names, sizes and times of every source file: a changed file changes it. */
function fingerprint(folders) {
  const hash = createHash('sha256');
  for (const file of ['tsconfig.base.json', 'tsconfig.json', 'package-lock.json']) add(hash, path.join(ROOT, file));
  for (const folder of folders) walk(hash, path.join(ROOT, folder));
  return hash.digest('hex');
}

function walk(hash, folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (['node_modules', 'dist', 'console', 'migrations'].includes(entry.name)) continue;
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) walk(hash, file);
    else add(hash, file);
  }
}

function add(hash, file) {
  const { size, mtimeMs } = statSync(file);
  hash.update(`${file} ${size} ${mtimeMs}\n`);
}

function stamped() {
  try {
    return JSON.parse(readFileSync(STAMP, 'utf8'));
  } catch {
    return {};
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    await ensureInstalled(console.log);
    await ensureBuilt(console.log);
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}
