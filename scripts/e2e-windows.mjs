/**
 * `npm run e2e:windows`: what runs on Windows, run by Wine, a line for each test, then `N passed, N failed, N skipped`. Where
 * Wine cannot be set up the tests are skipped, and the line says why. Words narrow it to files whose names have them.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
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
process.exit(run(process.argv.slice(2).filter((argument) => !argument.startsWith('--'))));

function run(words) {
  const report = path.join(ROOT, 'node_modules', '.casare-report-windows.json');
  rmSync(report, { force: true });
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--project', 'system', '--reporter=json'];
  const files = filesOf(words);
  if (files.length === 0) {
    console.error(`E2E_WINDOWS_USAGE: no test of Windows has one of these words in its name: ${words.join(', ')}`);
    return 2;
  }
  const { status, stdout, stderr } = spawnSync(node24(), [...vitest, `--outputFile.json=${report}`, ...files], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 67_108_864,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '--disable-warning=ExperimentalWarning' },
  });
  if (!existsSync(report)) {
    console.error(`${stdout}${stderr}`);
    return 1;
  }
  const total = told(JSON.parse(readFileSync(report, 'utf8')));
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  return status === 0 && total.failed === 0 ? 0 : 1;
}

function filesOf(words) {
  const names = readdirSync(path.join(ROOT, 'test/system')).filter((name) => /^windows-.*\.test\.ts$/.test(name));
  const all = names.map((name) => `test/system/${name}`);
  return words.length === 0 ? all : all.filter((file) => words.some((word) => file.includes(word)));
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
