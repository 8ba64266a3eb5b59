/** Runs files of tests and tells each test by a line, then `N passed, N failed, N skipped`. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { node24, ROOT } from './runtime.mjs';

/**
 * Runs `files` of a test project; `name` is of the report that is left below `node_modules`.
 * @returns {{ passed: number, failed: number, skipped: number } | null} null when the run broke, which it has said
 */
export function runByLines(name, project, files) {
  const report = path.join(ROOT, 'node_modules', `.casare-report-${name}.json`);
  rmSync(report, { force: true });
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--project', project, '--reporter=json'];
  const { status, stdout, stderr } = spawnSync(node24(), [...vitest, `--outputFile.json=${report}`, ...files], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 67_108_864,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '--disable-warning=ExperimentalWarning' },
  });
  if (!existsSync(report)) {
    console.error(`${stdout}${stderr}`);
    return null;
  }
  const total = told(JSON.parse(readFileSync(report, 'utf8')));
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  // An error outside of every test.
  if (status !== 0 && total.failed === 0) {
    console.error(`${stdout}${stderr}`);
    return null;
  }
  return total;
}

function told({ testResults }) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const file of testResults) {
    for (const { ancestorTitles, title, status, failureMessages } of file.assertionResults) {
      const outcome = status === 'passed' || status === 'failed' ? status : 'skipped';
      total[outcome] += 1;
      console.log(`${outcome.padEnd(7)} ${[...ancestorTitles, title].join(': ')}`);
      if (outcome === 'failed') console.log(failureMessages.join('\n').slice(0, 3_000));
    }
    if (file.status !== 'failed' || file.assertionResults.some(({ status }) => status === 'failed')) continue;
    total.failed += 1;
    console.log(`failed  ${path.relative(ROOT, file.name)}\n${file.message}`);
  }
  return total;
}
