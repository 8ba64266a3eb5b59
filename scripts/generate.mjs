/**
 * `npm run generate`: writes the files that are made from the sources (`--check`: only says which ones differ).
 */
import { spawnSync } from 'node:child_process';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { node24, NODE_FLAGS, ROOT } from './runtime.mjs';

// The API first: what is built afterwards uses the client that is made of it.
const PARTS = [['--conditions=source', 'scripts/generate/api.ts'], ['scripts/generate/main.ts']];

try {
  await ensureInstalled(console.log);
  for (const [index, part] of PARTS.entries()) {
    if (index > 0) await ensureBuilt(console.log);
    generate(part);
  }
} catch (error) {
  console.error(error.message);
  process.exit(1);
}

function generate(part) {
  const result = spawnSync(node24(), [...NODE_FLAGS, ...part, ...process.argv.slice(2)], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (result.status !== 0) process.exit(result.status ?? 1);
}
