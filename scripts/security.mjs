/**
 * `npm run security`: every numbered attack of docs/security/attacks.md, a line for each number, then
 * `N passed, N failed, N skipped`. `--prove [numbers]` takes each protection out, in a copy of the sources, and expects
 * the attack to succeed then: a test that still passes protects nothing.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { linkPackages } from './link-packages.mjs';
import { node24, ROOT } from './runtime.mjs';

const WORKSPACES = ['shared', 'certs', 'control-plane', 'edge-agent', 'test'];

try {
  await ensureInstalled(console.log);
  await ensureBuilt(console.log);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
const numbers = process.argv
  .slice(2)
  .filter((argument) => /^\d+$/.test(argument))
  .map(Number);
process.exit(process.argv.includes('--prove') ? prove() : run());

/** One line for each number, from the tests that carry it. */
function run() {
  const { results, status } = vitest(ROOT, [], {});
  const lines = new Map();
  for (const { title, state } of results) {
    const [, number, what] = /^attack (\d+): (.*)$/.exec(title) ?? [];
    if (number === undefined) continue;
    const line = lines.get(Number(number)) ?? { states: [], what: [] };
    line.states.push(state);
    line.what.push(what);
    lines.set(Number(number), line);
  }
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const [number, { states, what }] of [...lines].sort(([a], [b]) => a - b)) {
    const state = states.includes('failed') ? 'failed' : states.includes('passed') ? 'passed' : 'skipped';
    total[state] += 1;
    console.log(`${String(number).padStart(2)} ${state.padEnd(7)} ${what.join('; ')}`);
  }
  for (const { title, state } of results) {
    if (!title.startsWith('attack ') && state === 'failed') console.log(`   failed  ${title}`);
  }
  if (results.length === 0) console.log('no attack ran: see above');
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  return status === 0 && results.length > 0 ? 0 : 1;
}

/** Each protection of each attack, taken out in a copy. */
function prove() {
  const copy = copySources();
  const totals = { proved: 0, hollow: 0 };
  try {
    for (const { number, name, protections } of listed(copy)) {
      if (numbers.length > 0 && !numbers.includes(number)) continue;
      for (const protection of protections) {
        const caught = failsWithout(copy, name, protection);
        totals[caught ? 'proved' : 'hollow'] += 1;
        const what = `${protection.file}: ${protection.find.replaceAll(/\s+/g, ' ').slice(0, 70)}`;
        console.log(`${String(number).padStart(2)} ${caught ? 'proved ' : 'HOLLOW '} without ${what}`);
      }
    }
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
  console.log(`${totals.proved} passed, ${totals.hollow} failed, 0 skipped`);
  return totals.hollow === 0 && totals.proved > 0 ? 0 : 1;
}

function failsWithout(copy, name, { file, find, replace = '' }) {
  const at = path.join(copy, file);
  const source = readFileSync(at, 'utf8');
  writeFileSync(
    at,
    source.replace(find, () => replace),
  );
  try {
    const only = ['-t', `^${name.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)}$`];
    const { results } = vitest(copy, only, { CASARE_SECURITY_PROVING: '1' });
    // It ran and failed: a copy that does not even load proves nothing.
    return results.some(({ title, state }) => title === name && state === 'failed');
  } finally {
    writeFileSync(at, source);
  }
}

function listed(copy) {
  const list = path.join(copy, 'attacks.jsonl');
  vitest(copy, [], { CASARE_SECURITY_LIST: list });
  const lines = readFileSync(list, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line)).sort((a, b) => a.number - b.number);
}

/** Sources in a folder of their own, with the packages of this checkout: only our own are the copy's. */
function copySources() {
  const copy = mkdtempSync(path.join(os.tmpdir(), 'casare-prove-'));
  const skipped = new Set(['node_modules', 'dist', '.git', '.casare']);
  for (const name of [
    ...WORKSPACES,
    'docs',
    'scripts',
    'package.json',
    'tsconfig.base.json',
    'tsconfig.json',
    'vitest.config.ts',
  ]) {
    const filter = (source) => !skipped.has(path.basename(source));
    cpSync(path.join(ROOT, name), path.join(copy, name), { recursive: true, filter });
  }
  linkPackages(ROOT, copy, WORKSPACES);
  return copy;
}

function vitest(root, args, env) {
  const report = path.join(root, 'node_modules', '.casare-report-security.json');
  rmSync(report, { force: true });
  const command = [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--project',
    'security',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...args,
  ];
  const { status, stdout, stderr } = spawnSync(node24(), command, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 67_108_864,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '--disable-warning=ExperimentalWarning', ...env },
  });
  if (!existsSync(report)) {
    console.error(`${stdout}${stderr}`);
    return { results: [], status: 1 };
  }
  const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
  const results = testResults.flatMap((file) =>
    file.assertionResults.map(({ title, status: state, failureMessages }) => {
      const quiet = 'CASARE_SECURITY_PROVING' in env;
      if (state === 'failed' && !quiet) console.error(`${title}\n${failureMessages.join('\n').slice(0, 3_000)}\n`);
      return { title, state: ['pending', 'skipped', 'todo'].includes(state) ? 'skipped' : state };
    }),
  );
  for (const file of testResults) {
    if (file.status === 'failed' && file.assertionResults.length === 0) console.error(`${file.name}\n${file.message}`);
  }
  return { results, status };
}
