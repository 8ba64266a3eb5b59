/** `npm run build:msi`: installs and builds what is missing, then the MSI by `installer/windows/main.ts`. */
import { spawnSync } from 'node:child_process';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { node24, NODE_FLAGS, ROOT } from './runtime.mjs';

try {
  await ensureInstalled(console.error);
  await ensureBuilt(console.error);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
const { status } = spawnSync(node24(), [...NODE_FLAGS, 'installer/windows/main.ts', ...process.argv.slice(2)], {
  cwd: ROOT,
  stdio: ['ignore', 'inherit', 'inherit'],
});
process.exit(status ?? 1);
