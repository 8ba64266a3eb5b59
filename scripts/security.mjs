/**
 * `npm run security`: every numbered attack of docs/security/attacks.md, a line for each number, then
 * `N passed, N failed, N skipped`. A number without a test is failed, or skipped where that page says what it waits for.
 *
 * `--prove [numbers] [files]` takes each protection out, in a copy of the sources, and expects the attack to succeed then: a
 * test that still passes protects nothing. Each test must pass in that copy first, with all its protections: one that fails
 * there anyway would prove everything.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { linkPackages } from './link-packages.mjs';
import { node24, ROOT } from './runtime.mjs';

/** Numbers of attacks: 1 to this. */
const ATTACKS = 51;
const WORKSPACES = ['shared', 'certs', 'control-plane', 'edge-agent', 'installer', 'test'];

try {
  await ensureInstalled(console.log);
  await ensureBuilt(console.log);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
const asked = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const numbers = asked.filter((argument) => /^\d+$/.test(argument)).map(Number);
/** Parts of file names. */
const files = asked.filter((argument) => !/^\d+$/.test(argument));
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
  const waiting = awaited();
  for (let number = 1; number <= ATTACKS; number += 1) {
    if (lines.has(number)) continue;
    const reason = waiting.get(number);
    lines.set(number, { states: [reason ? 'skipped' : 'failed'], what: [reason ?? 'no test of this number ran'] });
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
  return status === 0 && total.failed === 0 && results.length > 0 ? 0 : 1;
}

/** What attacks without a test wait for, as the page says it. */
function awaited() {
  const page = readFileSync(path.join(ROOT, 'docs/security/attacks.md'), 'utf8');
  const rows = page.matchAll(/^\| (\d+) \| ([^|]*) \| (waits for [^|]*) \|$/gm);
  return new Map([...rows].map(([, number, what, reason]) => [Number(number), `${what}: ${reason}`]));
}

/** Each protection of each attack, taken out in a copy. */
function prove() {
  const copy = copySources();
  const totals = { proved: 0, failed: 0 };
  const tell = (number, word, what) => {
    totals[word === 'proved' ? 'proved' : 'failed'] += 1;
    console.log(`${String(number).padStart(2)} ${word.padEnd(7)} ${what}`);
  };
  try {
    const chosen = listed(copy).filter(
      ({ number, file }) =>
        (numbers.length === 0 || numbers.includes(number)) &&
        (files.length === 0 || files.some((part) => file.includes(part))),
    );
    const sound = passing(copy, chosen);
    for (const attack of chosen) {
      if (!sound.has(attack.name)) {
        tell(attack.number, 'BROKEN', `fails with all its protections: ${attack.name}`);
        continue;
      }
      for (const protection of attack.protections) {
        const what = `${protection.file}: ${protection.find.replaceAll(/\s+/g, ' ').slice(0, 70)}`;
        const more = protection.behind === undefined ? '' : ', and what is behind it';
        tell(attack.number, failsWithout(copy, attack, protection) ? 'proved' : 'HOLLOW', `without ${what}${more}`);
      }
    }
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
  console.log(`${totals.proved} passed, ${totals.failed} failed, 0 skipped`);
  return totals.failed === 0 && totals.proved > 0 ? 0 : 1;
}

/** Names of the attacks whose tests pass in the copy as it is. */
function passing(copy, attacks) {
  const files = [...new Set(attacks.map(({ file }) => file))];
  if (files.length === 0) return new Set();
  const { results } = vitest(copy, [...files, '-t', `^(${attacks.map(({ name }) => quoted(name)).join('|')})$`], {});
  return new Set(results.filter(({ state }) => state === 'passed').map(({ title }) => title));
}

/** True when the attack succeeds without the protection; what stands behind it must have stopped nothing that it does not. */
function failsWithout(copy, attack, protection) {
  const { behind = [] } = protection;
  if (behind.length > 0 && stateWithout(copy, attack, behind) !== 'passed') return false;
  return stateWithout(copy, attack, [protection, ...behind]) === 'failed';
}

/** How the attack's test ends without these pieces; undefined when it does not run: a copy that does not load proves nothing. */
function stateWithout(copy, { file: test, name }, pieces) {
  const before = new Map();
  for (const { file, find, replace = '' } of pieces) {
    const at = path.join(copy, file);
    const source = readFileSync(at, 'utf8');
    if (!before.has(at)) before.set(at, source);
    writeFileSync(
      at,
      source.replace(find, () => replace),
    );
  }
  try {
    const { results } = vitest(copy, [test, '-t', `^${quoted(name)}$`], { CASARE_SECURITY_PROVING: '1' });
    return results.find(({ title }) => title === name)?.state;
  } finally {
    for (const [at, source] of before) writeFileSync(at, source);
  }
}

/** A text as a pattern that only it fits. */
function quoted(text) {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}

/** What the tests say of their attacks, with the file of each, from the root of the copy. */
function listed(copy) {
  const list = path.join(copy, 'attacks.jsonl');
  const { results } = vitest(copy, ['-t', '^attack '], { CASARE_SECURITY_LIST: list });
  const files = new Map(results.map(({ title, file }) => [title, path.relative(copy, file)]));
  const lines = readFileSync(list, 'utf8').trim().split('\n');
  return lines
    .map((line) => JSON.parse(line))
    .map((attack) => ({ ...attack, file: files.get(attack.name) }))
    .sort((a, b) => a.number - b.number);
}

/**
 * Sources in a folder of their own, with the packages of this checkout: only our own are the copy's. The programs and the
 * console are those that were built of the sources as they were, for tests that start them or look at them.
 */
function copySources() {
  const copy = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'casare-prove-')));
  const skipped = new Set(['node_modules', '.git', '.casare']);
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
      return { title, file: file.name, state: ['pending', 'skipped', 'todo'].includes(state) ? 'skipped' : state };
    }),
  );
  for (const file of testResults) {
    if (file.status === 'failed' && file.assertionResults.length === 0) console.error(`${file.name}\n${file.message}`);
  }
  return { results, status };
}
