/**
 * `npm run generate`: writes the files that are made from the sources (`--check`: only says which ones differ).
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { node24, NODE_FLAGS, ROOT } from './runtime.mjs';

try {
  await ensureInstalled(console.log);
  await ensureBuilt(console.log);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
const main = path.join(ROOT, 'scripts/generate/main.ts');
const result = spawnSync(node24(), [...NODE_FLAGS, main, ...process.argv.slice(2)], {
  cwd: ROOT,
  stdio: ['ignore', 'inherit', 'inherit'],
});
process.exit(result.status ?? 1);
