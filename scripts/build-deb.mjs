/** `npm run build:deb`: installs and builds what is missing, then the packages for Linux by `installer/linux/main.ts`. */
import { spawnSync } from 'node:child_process';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { node24, ROOT } from './runtime.mjs';

try {
  await ensureInstalled(console.error);
  await ensureBuilt(console.error);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
const args = ['installer/dist/linux/main.js', ...process.argv.slice(2)];
process.exit(spawnSync(node24(), args, { cwd: ROOT, stdio: 'inherit' }).status ?? 1);
