/**
 * `npm test` and `npm run test:system`: install, build, run. What cannot run here is named as skipped with its reason
 * by the suites themselves, never counted as passed. Ends with `N passed, N failed, N skipped`.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { node24, ROOT } from './runtime.mjs';

const TIERS = { test: ['unit', 'security', 'e2e'], system: ['system'] };
const tier = process.argv.includes('--system') ? 'system' : 'test';
const only = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));

try {
  await ensureInstalled(console.log);
  await ensureBuilt(console.log);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}

const total = { passed: 0, failed: 0, skipped: 0 };
const failures = [];
let broken = false;
for (const project of TIERS[tier]) runProject(project);
// Named again at the end: the place of a failure is long scrolled away, or cut, when the last tier ends.
for (const line of failures) console.log(line);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(broken || total.failed > 0 ? 1 : 0);

function runProject(project) {
  const report = path.join(ROOT, 'node_modules', `.casare-report-${project}.json`);
  rmSync(report, { force: true });
  const result = spawnSync(
    node24(),
    [
      'node_modules/vitest/vitest.mjs',
      'run',
      '--project',
      project,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...only,
    ],
    {
      cwd: ROOT,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, NODE_OPTIONS: '--disable-warning=ExperimentalWarning' },
    },
  );
  try {
    const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(readFileSync(report, 'utf8'));
    total.passed += numPassedTests;
    total.failed += numFailedTests;
    total.skipped += numPendingTests;
    for (const line of skippedOf(testResults)) console.log(`skipped: ${line}`);
    failures.push(...failuresOf(testResults));
  } catch {
    failures.push(`failed: ${project} left no report`);
    broken = true;
  }
  if (result.status === 0) return;
  broken = true;
  if (failures.length === 0) failures.push(`failed: ${project}: an error outside of every test, see above`);
}

function skippedOf(results) {
  return results
    .flatMap((file) => file.assertionResults)
    .filter((test) => ['pending', 'skipped', 'todo'].includes(test.status))
    .map((test) => test.fullName);
}

/** One line for each test that failed: its file, its name, and the first line of what it says. */
function failuresOf(results) {
  return results.flatMap((file) => {
    const where = path.relative(ROOT, file.name);
    const tests = file.assertionResults
      .filter((test) => test.status === 'failed')
      .map((test) => `failed: ${where} > ${test.fullName}: ${firstLine(test.failureMessages?.[0])}`);
    return file.status === 'failed' && tests.length === 0 ? [`failed: ${where}: ${firstLine(file.message)}`] : tests;
  });
}

function firstLine(text) {
  return (text ?? 'no message').trim().split('\n', 1)[0];
}
