/**
 * `npm run e2e:windows`: what runs on Windows, run by Wine, a line for each test, then `N passed, N failed, N skipped`. Where
 * Wine cannot be set up the tests are skipped, and the line says why. Words narrow it to files whose names have them.
 */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { ROOT } from './runtime.mjs';
import { runByLines } from './test-lines.mjs';

try {
  await ensureInstalled(console.log);
  await ensureBuilt(console.log);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
process.exit(run(process.argv.slice(2).filter((argument) => !argument.startsWith('--'))));

function run(words) {
  const files = filesOf(words);
  if (files.length === 0) {
    console.error(`E2E_WINDOWS_USAGE: no test of Windows has one of these words in its name: ${words.join(', ')}`);
    return 2;
  }
  console.error(
    `Running ${files.length} files by Wine: about a minute and a half each, and two more for Wine the first time ...`,
  );
  return runByLines('windows', 'system', files)?.failed === 0 ? 0 : 1;
}

function filesOf(words) {
  const names = readdirSync(path.join(ROOT, 'test/system')).filter((name) => /^windows-.*\.test\.ts$/.test(name));
  const all = names.map((name) => `test/system/${name}`);
  return words.length === 0 ? all : all.filter((file) => words.some((word) => file.includes(word)));
}
