/**
 * `npm run check`: types, lint, formatting, import rules, unused code, file lengths, and whether the generated files
 * are as the sources make them. Runs all, then names what failed.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { node24, ROOT } from './runtime.mjs';

const LINES = 400;
const bin = (name) => path.join('node_modules', name);
const CHECKS = {
  types: [
    [bin('typescript/bin/tsc'), '-p', 'test', '--noEmit'],
    [bin('typescript/bin/tsc'), '-p', 'docs/examples', '--noEmit'],
    [bin('typescript/bin/tsc'), '-p', 'control-plane/console', '--noEmit'],
  ],
  lint: [[bin('eslint/bin/eslint.js'), '.', '--max-warnings', '0']],
  formatting: [[bin('prettier/bin/prettier.cjs'), '--check', '--log-level', 'warn', '.']],
  'import rules': [
    [
      bin('dependency-cruiser/bin/dependency-cruiser.mjs'),
      '--config',
      '.dependency-cruiser.mjs',
      'shared/src',
      'certs/src',
      'control-plane/src',
      'control-plane/console/src',
      'edge-agent/src',
    ],
  ],
  'unused code': [[bin('knip/bin/knip.js')]],
  'generated files': [['scripts/generate.mjs', '--check']],
};

try {
  await ensureInstalled(console.log);
  await ensureBuilt(console.log);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}

const failed = [];
for (const [name, commands] of Object.entries(CHECKS)) {
  const started = Date.now();
  const good = commands.every(
    (args) => spawnSync(node24(), args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] }).status === 0,
  );
  if (!good) failed.push(name);
  console.log(`${good ? 'ok    ' : 'FAILED'} ${name} (${((Date.now() - started) / 1_000).toFixed(1)} s)`);
}
if (!lengths()) failed.push('file lengths');
console.log(failed.length === 0 ? 'check: all good' : `check: failed: ${failed.join(', ')}`);
process.exit(failed.length === 0 ? 0 : 1);

/** No source file above the limit. */
function lengths() {
  const files = spawnSync('git', ['ls-files', '*.ts', '*.tsx', '*.mjs', '*.css'], { cwd: ROOT, encoding: 'utf8' })
    .stdout.trim()
    .split('\n');
  const long = files
    .map((file) => [file, readFileSync(path.join(ROOT, file), 'utf8').split('\n').length - 1])
    .filter(([, lines]) => lines > LINES);
  for (const [file, lines] of long) console.error(`${file}: ${lines} lines, more than ${LINES}: make it one thing`);
  return long.length === 0;
}
