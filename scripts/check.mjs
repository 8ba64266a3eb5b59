/**
 * `npm run check`: types, lint, formatting, import rules, unused code, file lengths, and whether the generated files
 * are as the sources make them. Runs all, two at a time, then names what failed.
 */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { node24, ROOT } from './runtime.mjs';

const LINES = 400;
/** Each keeps a processor busy; the two of the lint take longer than all others, and begin first. */
const AT_ONCE = 2;
const bin = (name) => path.join('node_modules', name);
/** Nothing is reported to makers of tools, and nothing looked up. */
const QUIET = { REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };
/** It holds the types of whole workspaces, and Node.js gives a process 4 GiB unless told. */
const LINT = ['--max-old-space-size=8192', bin('eslint/bin/eslint.js'), '--max-warnings', '0'];
const CONTROL_PLANE = ['shared', 'certs', 'control-plane'];
const CHECKS = {
  // Two halves, whose programs of TypeScript have no files in common but those of others that they read.
  'lint of the control plane': [[...LINT, ...CONTROL_PLANE]],
  'lint of the rest': [[...LINT, '.', ...CONTROL_PLANE.flatMap((folder) => ['--ignore-pattern', `${folder}/**`])]],
  types: [
    [bin('typescript-7/bin/tsc'), '-p', 'test', '--noEmit'],
    [bin('typescript-7/bin/tsc'), '-p', 'docs/examples', '--noEmit'],
    [bin('typescript-7/bin/tsc'), '-p', 'control-plane/console', '--noEmit'],
  ],
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
      'installer',
    ],
  ],
  'unused code': [[bin('knip/bin/knip.js')]],
  'OpenAPI document': [
    [
      bin('@redocly/cli/bin/cli.js'),
      'lint',
      '--config',
      '.redocly.yaml',
      '--format',
      'stylish',
      'control-plane/openapi.json',
    ],
  ],
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
const rest = Object.entries(CHECKS);
await Promise.all(Array.from({ length: AT_ONCE }, worker));
if (!lengths()) failed.push('file lengths');
console.log(failed.length === 0 ? 'check: all good' : `check: failed: ${failed.join(', ')}`);
process.exit(failed.length === 0 ? 0 : 1);

async function worker() {
  for (let next = rest.shift(); next !== undefined; next = rest.shift()) await check(...next);
}

/** Runs the commands of a check until one fails, and prints what they said and how it ended in one piece. */
async function check(name, commands) {
  const started = Date.now();
  let [good, said] = [true, ''];
  for (const args of commands) {
    const outcome = await run(args);
    said += outcome.said;
    good = outcome.good;
    if (!good) break;
  }
  if (!good) failed.push(name);
  process.stdout.write(said);
  console.log(`${good ? 'ok    ' : 'FAILED'} ${name} (${((Date.now() - started) / 1_000).toFixed(1)} s)`);
}

/** @returns {Promise<{ good: boolean, said: string }>} */
function run(args) {
  return new Promise((resolve) => {
    const child = spawn(node24(), args, {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...QUIET },
    });
    let said = '';
    const hear = (text) => (said += text);
    child.stdout.setEncoding('utf8').on('data', hear);
    child.stderr.setEncoding('utf8').on('data', hear);
    child.on('error', (error) => hear(`${error.message}\n`));
    child.on('close', (code) => resolve({ good: code === 0, said }));
  });
}

/** No source file above the limit. */
function lengths() {
  const files = spawnSync('git', ['ls-files', '*.ts', '*.tsx', '*.mjs', '*.css'], { cwd: ROOT, encoding: 'utf8' })
    .stdout.trim()
    .split('\n');
  const long = files
    .map((file) => [file, readFileSync(path.join(ROOT, file), 'utf8').split('\n').length - 1])
    .filter(([file, lines]) => lines > LINES && !file.includes('/generated/'));
  for (const [file, lines] of long) console.error(`${file}: ${lines} lines, more than ${LINES}: make it one thing`);
  return long.length === 0;
}
