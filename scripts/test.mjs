/**
 * `npm test` and `npm run test:system`: install, build, run. What cannot run here is named as skipped with its reason
 * by the suites themselves, never counted as passed. Ends with `N passed, N failed, N skipped`.
 *
 * When a few files of a whole run fail, they are run again alone, once. What passes then is named as flaky, with what it said:
 * a defect of the test or of the product that depends on timing, to be mended like any other (CONTRIBUTING.md).
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { node24, ROOT } from './runtime.mjs';

const TIERS = { test: ['unit', 'security', 'e2e'], system: ['system', 'timed'] };
const tier = process.argv.includes('--system') ? 'system' : 'test';
/** Files that may fail and be run again: with more, something is broken. */
const AGAIN_AT_MOST = 3;
/** `su` without a login shell leaves root without them. */
const PATH_OF_ROOT = [process.env.PATH, '/usr/sbin', '/sbin'].join(path.delimiter);
const only = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));

try {
  await ensureInstalled(console.log);
  await ensureBuilt(console.log);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}

const total = { passed: 0, failed: 0, skipped: 0 };
const endings = [];
let broken = false;
for (const project of TIERS[tier]) runProject(project);
// Named again at the end: the place of a failure is long scrolled away, or cut, when the last tier ends.
for (const line of endings) console.log(line);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
if (only.length > 0 && total.passed + total.failed + total.skipped === 0) {
  console.error(`no test of this tier is in a file whose path has ${only.join(' or ')}`);
  broken = true;
}
process.exit(broken || total.failed > 0 ? 1 : 0);

function runProject(project) {
  const first = runVitest(project, only);
  if (first.report === null) {
    endings.push(`failed: ${project} left no report`);
    broken = true;
    return;
  }
  const failed = failuresOf(first.report);
  for (const line of skippedOf(first.report)) console.log(`skipped: ${line}`);
  if (first.status !== 0 && failed.length === 0) {
    endings.push(`failed: ${project}: an error outside of every test, see above`);
    broken = true;
  }
  const stillFailed = failed.length === 0 ? [] : afterAnotherRun(project, failed);
  const isStill = ({ where, name }) => stillFailed.some((one) => one.where === where && one.name === name);
  for (const failure of failed)
    endings.push(`${isStill(failure) ? 'failed' : 'flaky, passed alone'}: ${lineOf(failure)}`);
  for (const failure of stillFailed.filter(
    (one) => !failed.some(({ where, name }) => one.where === where && one.name === name),
  )) {
    endings.push(`failed, when run again: ${lineOf(failure)}`);
  }
  broken ||= stillFailed.some(({ name }) => name === null);
  const { numPassedTests, numFailedTests, numPendingTests } = first.report;
  const failedNow = stillFailed.filter(({ name }) => name !== null).length;
  total.passed += numPassedTests + numFailedTests - failedNow;
  total.failed += failedNow;
  total.skipped += numPendingTests;
}

/** The failures that remain when the files that failed are run again alone; all of them where that is not done. */
function afterAnotherRun(project, failed) {
  const files = [...new Set(failed.map(({ where }) => where))];
  if (only.length > 0 || files.length > AGAIN_AT_MOST) return failed;
  console.log(`run again alone: ${files.join(', ')}`);
  const again = runVitest(project, files);
  return again.report === null || (again.status !== 0 && failuresOf(again.report).length === 0)
    ? failed
    : failuresOf(again.report);
}

/** Runs a project of vitest, or only files of it; the report is null when it left none. */
function runVitest(project, files) {
  const file = path.join(ROOT, 'node_modules', `.casare-report-${project}.json`);
  rmSync(file, { force: true });
  const { status } = spawnSync(
    node24(),
    [
      'node_modules/vitest/vitest.mjs',
      'run',
      '--project',
      project,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${file}`,
      // A path that names files of one project names none of another.
      ...(only.length > 0 ? ['--passWithNoTests'] : []),
      ...files,
    ],
    {
      cwd: ROOT,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, PATH: PATH_OF_ROOT, NODE_OPTIONS: '--disable-warning=ExperimentalWarning' },
    },
  );
  try {
    return { status, report: JSON.parse(readFileSync(file, 'utf8')) };
  } catch {
    return { status, report: null };
  }
}

function skippedOf({ testResults }) {
  return testResults
    .flatMap((file) => file.assertionResults)
    .filter((test) => ['pending', 'skipped', 'todo'].includes(test.status))
    .map((test) => test.fullName);
}

/** Each test that failed, or, with a null name, each file that failed outside of its tests; with the first line it says. */
function failuresOf({ testResults }) {
  return testResults.flatMap((file) => {
    const where = path.relative(ROOT, file.name);
    const tests = file.assertionResults
      .filter((test) => test.status === 'failed')
      .map((test) => ({ where, name: test.fullName, says: firstLine(test.failureMessages?.[0]) }));
    const isFile = file.status === 'failed' && tests.length === 0;
    return isFile ? [{ where, name: null, says: firstLine(file.message) }] : tests;
  });
}

function lineOf({ where, name, says }) {
  return `${where}${name === null ? '' : ` > ${name}`}: ${says}`;
}

function firstLine(text) {
  return (text ?? 'no message').trim().split('\n', 1)[0];
}
