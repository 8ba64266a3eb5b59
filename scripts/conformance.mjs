/**
 * `npm run conformance`: the workflow language's conformance kit and our own features, a line for each scenario, then
 * `N passed, N failed, N skipped`. `CASARE_CTK` names the folder of the kit; without it the kit is skipped, and said so.
 */
import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { runByLines } from './test-lines.mjs';

try {
  await ensureInstalled(console.log);
  await ensureBuilt(console.log);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}

const total = runByLines('conformance', 'unit', ['test/conformance/workflow']);
process.exit(total !== null && total.failed === 0 && total.passed > 0 ? 0 : 1);
