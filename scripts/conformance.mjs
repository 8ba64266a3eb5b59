/**
 * `npm run conformance`: the workflow language's conformance kit and our own features, a line for each scenario, then
 * `N passed, N failed, N skipped`. `CASARE_CTK` names the folder of the kit; without it the kit is skipped, and said so.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { node24, ROOT } from './runtime.mjs';

try {
  await ensureInstalled(console.log);
  await ensureBuilt(console.log);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}

const report = path.join(ROOT, 'node_modules', '.casare-report-conformance.json');
rmSync(report, { force: true });
const command = ['node_modules/vitest/vitest.mjs', 'run', '--project', 'unit', '--reporter=json'];
const { status, stdout, stderr } = spawnSync(
  node24(),
  [...command, `--outputFile.json=${report}`, 'test/conformance/workflow'],
  {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 67_108_864,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '--disable-warning=ExperimentalWarning' },
  },
);
if (!existsSync(report)) {
  console.error(`${stdout}${stderr}`);
  process.exit(1);
}
const total = { passed: 0, failed: 0, skipped: 0 };
const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
for (const file of testResults) {
  for (const { ancestorTitles, title, status: state, failureMessages } of file.assertionResults) {
    const outcome = state === 'passed' || state === 'failed' ? state : 'skipped';
    total[outcome] += 1;
    console.log(`${outcome.padEnd(7)} ${[...ancestorTitles, title].join(': ')}`);
    if (outcome === 'failed') console.log(failureMessages.join('\n').slice(0, 3_000));
  }
  if (file.status === 'failed' && file.assertionResults.length === 0)
    console.log(`failed  ${file.name}\n${file.message}`);
}
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(status === 0 && total.passed > 0 ? 0 : 1);
